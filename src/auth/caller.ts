/** Who is calling, as far as the rest of the service may know. */
export interface Caller {
  /** Who owns what: the scheme and the name or subject, so that the same name in two schemes is two callers. */
  readonly id: string;
  /** The name under which Alfresco may know the caller. */
  readonly name: string;
  /** Whether a signed link stands in for credentials: anyone may have it, and must not use up the limits of its maker. */
  readonly isLinked?: boolean;
  /** When the token behind the request ends, in milliseconds of the epoch; not of other credentials. */
  readonly expiresAt?: number;
}

/** The caller when `AUTH=none`. */
export const ANONYMOUS: Caller = { id: 'anonymous', name: 'anonymous' };
