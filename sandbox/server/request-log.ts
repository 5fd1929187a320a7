import type { IncomingMessage } from 'node:http';

/** The length of a request body that is kept. */
const KEPT_BODY_BYTES = 64 * 1024;
/** When there are more requests, the oldest half is dropped, so that a demo can run for days. */
const MOST_REQUESTS = 20_000;

/** One request, recorded once its headers have arrived. */
export interface RecordedRequest {
  method: string;
  /** The raw request target. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  rawHeaders: string[];
  /** The first 64 KiB. */
  body: string;
  /** The authenticated user. */
  user?: string;
  /** The status of the response. */
  status?: number;
  /** Body bytes handed to the socket for this response. */
  bytesSent: number;
  /** Whether the client disconnected before the end of the response. */
  aborted: boolean;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt?: number;
}

/** Records requests in the order of their arrival. */
export class RequestLog {
  readonly requests: RecordedRequest[] = [];

  start(request: IncomingMessage): RecordedRequest {
    const record: RecordedRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: '',
      bytesSent: 0,
      aborted: false,
      startedAt: Date.now(),
    };
    if (this.requests.length >= MOST_REQUESTS) this.requests.splice(0, MOST_REQUESTS / 2);
    this.requests.push(record);
    return record;
  }

  clear(): void {
    this.requests.length = 0;
  }
}

/** The part of a body that is recorded. */
export function keptBody(body: Buffer): string {
  return body.subarray(0, KEPT_BODY_BYTES).toString('utf8');
}

/** One line about a finished request, without the ticket it may carry. */
export function describeRequest(record: RecordedRequest): string {
  const url = record.url.replace(/(alf_ticket=)[^&]*/g, '$1***');
  const duration = (record.endedAt ?? record.startedAt) - record.startedAt;
  const end = record.aborted ? ' aborted' : '';
  return `${record.method} ${url} ${record.status ?? '-'} ${record.bytesSent} B ${duration} ms ${record.user ?? '-'}${end}`;
}
