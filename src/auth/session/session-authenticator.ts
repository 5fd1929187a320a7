import type { FastifyRequest } from 'fastify';
import { ProblemException } from '../../problems/problem.exception.js';
import type { Authentication, Authenticator } from '../authenticators.js';
import type { SessionCookies } from './session-cookies.js';
import type { SessionsService } from './sessions.service.js';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The cookie of a session.
 *
 * A browser sends it whichever page has it do so. So a request that changes something has to have a header that no form has,
 * and for which a page of another origin needs leave (https://fetch.spec.whatwg.org/#cors-preflight-fetch), besides the check
 * of the origin, which every request goes through.
 */
export class SessionAuthenticator implements Authenticator {
  constructor(
    private readonly sessions: SessionsService,
    private readonly cookies: SessionCookies,
  ) {}

  /**
   * @throws ProblemException VALIDATION_FAILED, ORIGIN_FORBIDDEN; STORE_UNAVAILABLE, IDENTITY_PROVIDER_UNAVAILABLE when it
   *   cannot be found out whether the session goes on
   */
  authenticate({ headers, method }: FastifyRequest): Authentication | Promise<Authentication> {
    const id = this.cookies.sessionIn(headers.cookie);
    if (id === undefined) return undefined;
    // One of the two would be ignored, and not the one that the client means.
    if (headers.authorization !== undefined) throw twoCredentials();
    if (!SAFE_METHODS.has(method)) requireCustomHeader(headers);
    return this.sessions.knownCaller(id) ?? this.sessions.callerOf(id);
  }
}

/** @throws ProblemException ORIGIN_FORBIDDEN */
export function requireCustomHeader(headers: FastifyRequest['headers']): void {
  if (headers['x-requested-with'] !== undefined || headers['x-csrf-token'] !== undefined) return;
  throw new ProblemException('ORIGIN_FORBIDDEN', {
    detail: 'A request with the cookie of a session that changes something needs X-Requested-With.',
    errors: [{ parameter: 'X-Requested-With', detail: 'must be there, with any value' }],
  });
}

function twoCredentials(): ProblemException {
  return new ProblemException('VALIDATION_FAILED', {
    errors: [
      {
        parameter: 'Authorization',
        detail: 'must not be sent together with the cookie of a session',
      },
    ],
  });
}
