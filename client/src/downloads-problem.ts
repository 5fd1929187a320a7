import type { Problem } from './download-event.ts';

/** The service, or a proxy in front of it, has responded with an error. */
export class DownloadsProblem extends Error {
  override readonly name = 'DownloadsProblem';
  readonly problem: Problem;
  /** How long the service asks to wait before a retry, if it does. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.retryAfterMs = retryAfter;
  }

  /** Reads the problem in a response, which may be a proxy's and not a problem document. */
  static async of(response: Response): Promise<DownloadsProblem> {
    const { status, headers } = response;
    const document = isProblem(headers) ? await response.json().catch(() => undefined) : undefined;
    return new DownloadsProblem(toProblem(document, status), retryAfterMs(headers));
  }

  /** Whether the same request may succeed later. */
  get isTemporary(): boolean {
    return this.problem.status === 429 || this.problem.status >= 500;
  }
}

/** No response of the service has arrived. Whether it has processed the request is unknown. */
export class ServiceUnreachable extends Error {
  override readonly name = 'ServiceUnreachable';
}

/** Milliseconds until a retry, from `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Whether a problem says that the user has to log in again. */
export function endsLogin({ status, code }: Problem): boolean {
  return status === 401 || code === 'CALLER_LOGGED_OUT';
}

function isProblem(headers: Headers): boolean {
  return /^application\/problem\+json\b/i.test(headers.get('content-type') ?? '');
}

/** The problem in a parsed body, with defaults derived from the status. */
export function toProblem(body: unknown, status: number): Problem {
  return { title: `HTTP ${status}`, ...(typeof body === 'object' && body), status };
}
