import { type GrowingPause, PACING } from '../../config/pacing.js';
import { ProblemException } from '../../problems/problem.exception.js';
import type { Send } from '../http/upstream-call.js';

/** How this service proves to Alfresco who is calling. */
export abstract class AlfrescoCredentials {
  /**
   * A layer that adds credentials to each request, and sends it a second time with renewed ones if the response is 401
   * and there is something to renew. The response may still be a 401. Rejects with a ProblemException when there are no
   * credentials to be had, or the name of the caller cannot be passed on.
   *
   * Sending again is safe for every request, POST included: Alfresco checks credentials before it
   * reads parameters or body (RepositoryContainer authenticates before it executes the web script), so
   * nothing has happened yet when it responds with 401.
   */
  abstract apply(next: Send): Send;
}

/** The share of a pause that chance may take off, so that several processes do not stay in step. */
const JITTER = 0.25;

/**
 * Keeps rejected credentials from being sent again at once.
 *
 * After ten failures Alfresco locks a user out for 6 seconds, even with the right password, and each further attempt
 * restarts them (AuthenticationServiceImpl.recordFailedAuthentication). So each pause is twice as long as the one before,
 * up to one that is well past them.
 */
export class LoginPause {
  private lengthMs = 0;
  private endsAt = -Infinity;

  constructor(private readonly pacing: GrowingPause = PACING.login) {}

  get isRunning(): boolean {
    return this.remainingMs > 0;
  }

  /** @throws ProblemException ALFRESCO_CREDENTIALS_REJECTED, with Retry-After, during a pause */
  admit(): void {
    if (this.isRunning) throw this.problem('credentials were refused a moment ago');
  }

  /** Starts a pause after rejected credentials. Returns the problem that the request fails with. */
  begin(diagnosis?: string): ProblemException {
    const { firstMs, longestMs } = this.pacing;
    this.lengthMs = Math.min(Math.max(2 * this.lengthMs, firstMs), longestMs);
    this.endsAt = performance.now() + this.lengthMs * (1 - JITTER * Math.random());
    return this.problem(diagnosis);
  }

  /** Makes the next pause a short one, since credentials were accepted. */
  reset(): void {
    this.lengthMs = 0;
  }

  private get remainingMs(): number {
    return this.endsAt - performance.now();
  }

  private problem(diagnosis: string | undefined): ProblemException {
    const seconds = Math.max(1, Math.ceil(this.remainingMs / 1000));
    return new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', {
      headers: { 'retry-after': String(seconds) },
      diagnosis,
    });
  }
}

/** Value of an `Authorization` header (RFC 7617, UTF-8). Never to be logged. */
export function basicAuthorization(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`, 'utf8').toString('base64')}`;
}
