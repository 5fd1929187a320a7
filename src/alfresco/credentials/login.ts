import type { UpstreamCall } from '../http/upstream-policy.js';

/** As one call: a login that may have been heard is not sent again, since accounts are locked after a few failures. */
export const LOGIN: UpstreamCall = { operation: 'login', repeat: 'if-unsent' };

/** What a login gave. */
export interface Grant {
  /** Value of the `Authorization` header. Never to be logged. */
  readonly authorization: string;
  /** Milliseconds after which another login is due; unknown when absent, and found out by a 401. */
  readonly renewAfterMs?: number;
}

/** A way to obtain a grant. */
export interface Login {
  /**
   * Logs in, within the configured time.
   * @throws ProblemException ALFRESCO_CREDENTIALS_REJECTED when the account is refused; another one when there was no usable answer
   */
  obtain(): Promise<Grant>;
  /** Lets go of connections of its own. */
  close?(): Promise<void>;
}
