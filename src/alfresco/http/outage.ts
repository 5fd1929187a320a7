import { UnsentError } from './connections.js';
import { ClientDisconnectedError } from './deadline.js';
import { codeOf, problemCodeOf } from './transport-failure.js';
import type { UpstreamResponse } from './transport.js';

/** Failures of the network that may be gone a moment later. Certificates, for one, will be as wrong as before. */
const PASSING: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Whether Alfresco is not there, or does not answer. What it answers, however wrong, says that it is. */
export function isOutage(error: unknown): boolean {
  if (error instanceof ClientDisconnectedError) return false;
  const code = problemCodeOf(error);
  return code === 'ALFRESCO_UNREACHABLE' || code === 'ALFRESCO_TIMEOUT';
}

/**
 * Whether a connection was refused. That is known at once, so that nobody has to be kept from waiting for it; and it may
 * come of too many connections of our own, where Tomcat's `acceptCount` is used up, and be over with the next one.
 */
export function isRefusedConnection(error: unknown): boolean {
  return error instanceof UnsentError && error.code === 'ECONNREFUSED';
}

/**
 * Whether a proxy in front of Alfresco says that there is no Alfresco behind it. A 500 is Alfresco's own and comes of the
 * request: the same one would get the same again.
 */
export function isGatewayFailure({ status }: Pick<UpstreamResponse<unknown>, 'status'>): boolean {
  return status >= 502 && status <= 504;
}

/** Whether the same request may succeed a moment later. */
export function mayPass(error: unknown): boolean {
  return PASSING.has(codeOf(error));
}
