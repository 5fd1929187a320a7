import type { Problem } from './download-event.ts';

/** The service, or a proxy in front of it, has refused a request or failed. */
export class DownloadsProblem extends Error {
  override readonly name = 'DownloadsProblem';
  readonly problem: Problem;
  /** How long the service asked to be left alone, if it did. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.retryAfterMs = retryAfter;
  }

  /** The problem in an answer, which may also come from a proxy that knows nothing of problem documents. */
  static async of(response: Response): Promise<DownloadsProblem> {
    const { status, headers } = response;
    const document = isProblem(headers) ? await response.json().catch(() => undefined) : undefined;
    return new DownloadsProblem(toProblem(document, status), retryAfterMs(headers));
  }

  /** Whether the same request may succeed later, without anyone doing anything about it. */
  get isTemporary(): boolean {
    return this.problem.status === 429 || this.problem.status >= 500;
  }
}

/** Nobody has answered, or something that is not the service. Whether it has done anything is not known. */
export class ServiceUnreachable extends Error {
  override readonly name = 'ServiceUnreachable';
}

/** Milliseconds until it is worth asking again, from `Retry-After` in seconds or as a date (RFC 9110, 10.2.3). */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function isProblem(headers: Headers): boolean {
  return /^application\/problem\+json\b/i.test(headers.get('content-type') ?? '');
}

/** The problem in a parsed body; what is missing in it is made up from the status. */
export function toProblem(body: unknown, status: number): Problem {
  return { title: `HTTP ${status}`, ...(typeof body === 'object' && body), status };
}
