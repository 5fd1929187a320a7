import type { components } from '../downloads-api.d.ts';

type Problem = components['schemas']['ProblemDocument'];

/** Codes of temporary problems, after which the same request may succeed later. */
const TEMPORARY: ReadonlySet<string> = new Set<Problem['code']>([
  'IDEMPOTENCY_KEY_IN_USE',
  'REQUEST_TIMEOUT',
  'TOO_MANY_REQUESTS',
  'ALFRESCO_ERROR',
  'ALFRESCO_BAD_RESPONSE',
  'ALFRESCO_UNREACHABLE',
  'ALFRESCO_UNAVAILABLE',
  'ALFRESCO_READ_ONLY',
  'ALFRESCO_TIMEOUT',
  'STORE_UNAVAILABLE',
  'IDENTITY_PROVIDER_UNAVAILABLE',
  'SHUTTING_DOWN',
]);

/** The service has responded with an error. `code` is for programs, the message for people. */
export class DownloadsError extends Error {
  override readonly name = 'DownloadsError';
  readonly status: number;
  /** Undefined if the response came from something in front of the service. */
  readonly code?: Problem['code'];
  readonly retryAfterMs?: number;

  constructor(response: Response, body: unknown) {
    const problem = isProblem(body) ? body : undefined;
    super(problem?.detail ?? `status ${response.status} without a problem document`);
    this.status = response.status;
    this.code = problem?.code;
    const seconds = Number(response.headers.get('retry-after') ?? NaN);
    if (seconds >= 0) this.retryAfterMs = seconds * 1000;
  }

  /** Whether a retry may succeed. */
  get isTemporary(): boolean {
    return this.code === undefined ? this.status >= 502 : TEMPORARY.has(this.code);
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body;
}
