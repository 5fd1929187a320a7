export interface TicketRecord {
  /** As it was saved. */
  readonly holder: string;
  readonly remainingMs: number;
}

/**
 * The tickets that are alive, in the same place as the registry of downloads and so for all processes of the service.
 *
 * Only their hashes are stored, so that nobody can log in with what is read from the store. Every method throws
 * ProblemException STORE_UNAVAILABLE when the store does not respond in time.
 *
 * To add another kind of store, see `StoreKinds` (store/open-store.ts).
 */
export abstract class TicketStore {
  abstract save(hash: string, holder: string, ttlMs: number): Promise<void>;

  /** `undefined` for one that has ended, or never was. */
  abstract find(hash: string): Promise<TicketRecord | undefined>;

  /** Lets a ticket live `ttlMs` from now on; one that has ended stays ended. */
  abstract renew(hash: string, ttlMs: number): Promise<void>;

  /** Ends a ticket. Not an error when it has ended already. */
  abstract remove(hash: string): Promise<void>;

  /** Frees connections and files. */
  abstract close(): Promise<void>;
}
