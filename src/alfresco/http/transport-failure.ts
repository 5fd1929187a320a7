import { ProblemException } from '../../problems/problem.exception.js';
import type { ProblemCode } from '../../problems/problem-catalogue.js';
import type { UpstreamResponse } from './upstream-call.js';

const BY_CODE: Readonly<Record<string, ProblemCode>> = {
  TRANSPORT_TIMEOUT: 'ALFRESCO_TIMEOUT',
  UND_ERR_CONNECT_TIMEOUT: 'ALFRESCO_TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'ALFRESCO_TIMEOUT',
  ETIMEDOUT: 'ALFRESCO_TIMEOUT',
  // The response is not HTTP; undici's error has only a name.
  HTTPParserError: 'ALFRESCO_BAD_RESPONSE',
  ANSWER_TOO_LONG: 'ALFRESCO_BAD_RESPONSE',
  UND_ERR_HEADERS_OVERFLOW: 'ALFRESCO_BAD_RESPONSE',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ALFRESCO_BAD_RESPONSE',
};

/**
 * The problem that stands for a failed call; a problem stays as it is. The thrown error itself is dropped: its
 * message names hosts, and an axios error carries the credentials in its configuration.
 */
export function transportProblem(error: unknown): ProblemException {
  if (error instanceof ProblemException) return error;
  return new ProblemException(problemCodeOf(error), { diagnosis: codeOf(error) });
}

/** Without making the problem, which costs a stack trace. */
export function problemCodeOf(error: unknown): ProblemCode {
  return error instanceof ProblemException
    ? error.code
    : (BY_CODE[codeOf(error)] ?? 'ALFRESCO_UNREACHABLE');
}

/** The code of a failure, fit for a log. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  // Node reports a name with several addresses, none of which connects, as an AggregateError with the code of the first.
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : error.name;
}

/** For a call that is not made now. @param retryAfterSeconds a whole number */
export function unavailable(retryAfterSeconds: number, diagnosis: string): ProblemException {
  const headers = { 'retry-after': String(retryAfterSeconds) };
  return new ProblemException('ALFRESCO_UNAVAILABLE', { headers, diagnosis });
}

/**
 * Whether a proxy in front of Alfresco says that there is no Alfresco behind it. A 500 is Alfresco's own and caused by
 * the request: the same one would get the same again.
 */
export function isGatewayFailure({ status }: Pick<UpstreamResponse<unknown>, 'status'>): boolean {
  return status >= 502 && status <= 504;
}
