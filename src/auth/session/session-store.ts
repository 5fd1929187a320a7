/** What is stored of one log-in. Times are milliseconds of the epoch. */
export interface SessionRecord {
  /** Hash of the id in the cookie. */
  readonly id: string;
  /** The person at the provider, as `sub`. */
  readonly subject: string;
  /** The session at the provider, for a log-out that comes from there. */
  readonly providerSession?: string;
  /** When the provider has confirmed the log-in, by its own clock. */
  readonly issuedAt: number;
  /** Whatever else belongs to it, encrypted by `SessionCipher`. */
  readonly sealed: string;
  /** How often `sealed` has been replaced. */
  readonly revision: number;
  /** When it ends unless it is used. */
  readonly idleEndsAt: number;
  /** When it ends, however much it is used. */
  readonly endsAt: number;
}

/** Sessions that a log-out at the provider ends: those of a session there or all of a person, issued until then. */
export type ProviderLogout = { readonly issuedUntil: number } & (
  { readonly providerSession: string; readonly subject?: string } | { readonly subject: string }
);

/** Sessions that end together. */
export type SessionSelector = Pick<SessionRecord, 'id'> | ProviderLogout;

/**
 * The sessions that have not ended, in the same place as the registry of downloads and so for all processes of the service.
 *
 * Ids are stored as hashes and tokens are encrypted: nobody can log in, or call the provider, with what is read from the
 * store. Every method throws ProblemException STORE_UNAVAILABLE when the store does not respond in time.
 *
 * To add another kind of store, see `StoreKinds` (store/open-store.ts).
 */
export abstract class SessionStore {
  abstract add(session: SessionRecord): Promise<void>;

  /** `undefined` for one that has ended, or never was. */
  abstract find(id: string): Promise<SessionRecord | undefined>;

  /** Of the sessions of a person, the one that may last longest. */
  abstract newestOf(subject: string): Promise<SessionRecord | undefined>;

  /** Lets a session that has not ended live until then, never beyond its `endsAt`. */
  abstract extend(id: string, idleEndsAt: number): Promise<void>;

  /**
   * Whether the process may refresh the tokens of this revision: one at a time, of all processes. A refresh token is good
   * for one use where the provider rotates them (RFC 9700, section 2.2.2), and a second use ends them all.
   * @param leaseMs after which another may, should this process die
   */
  abstract claimRefresh(id: string, revision: number, leaseMs: number): Promise<boolean>;

  /** Lets others refresh after a failure. */
  abstract releaseRefresh(id: string, revision: number): Promise<void>;

  /** Replaces what is sealed in a session of this revision, which ends the claim. False when it has ended or was replaced. */
  abstract replace(id: string, revision: number, sealed: string): Promise<boolean>;

  /** Ends sessions. Not an error when there are none. Returns how many there were that had not ended. */
  abstract remove(selector: SessionSelector): Promise<number>;

  /** Removes what is left of sessions that have ended by time. Returns how many; each is in one result, of all processes. */
  abstract sweep(): Promise<number>;

  /** Frees connections and files. */
  abstract close(): Promise<void>;
}
