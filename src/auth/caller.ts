/** A signed link that is being followed. */
export interface LinkUse {
  /** Whether it is good only for the rest of a transfer that it has begun. */
  readonly hasEnded: boolean;
  /** Entity tag of a state of the content, which nobody is told but by the link while it is good. */
  tagOf(modifiedAt: number): string;
}

/** Who is calling, as far as the rest of the service may know. */
export interface Caller {
  /** Who owns what: the scheme and the name or subject, so that the same name in two schemes is two callers. */
  readonly id: string;
  /** The name under which Alfresco may know the caller. */
  readonly name: string;
  /** The signed link that stands in for credentials: anyone may have it, and must not use up the limits of its maker. */
  readonly link?: LinkUse;
  /** When the token behind the request ends, in milliseconds of the epoch; not of other credentials. */
  readonly expiresAt?: number;
  /** Whether the session behind the request goes on, if it has one that may be ended elsewhere, as a ticket is by a logout. */
  readonly isLoggedIn?: () => Promise<boolean>;
}

/** The caller when `AUTH=none`. */
export const ANONYMOUS: Caller = { id: 'anonymous', name: 'anonymous' };
