/** A ticket that is alive. */
export interface TicketRecord {
  /** Whose it is, as it was saved. */
  readonly holder: string;
  /** Milliseconds that it still lives. */
  readonly remainingMs: number;
}

/**
 * Whose tickets are alive, in the same place as the registry of downloads and so for all processes of the service.
 *
 * Tickets are known by their hashes only: whoever reads the store can log in with none of them. Every method throws
 * ProblemException STORE_UNAVAILABLE when the store does not answer in time.
 */
export abstract class TicketStore {
  /** Keeps a ticket for so long. */
  abstract save(hash: string, holder: string, ttlMs: number): Promise<void>;

  /** `undefined` for one that has ended, or never was. */
  abstract find(hash: string): Promise<TicketRecord | undefined>;

  /** Lets a ticket live so long from now on; one that has ended stays ended. */
  abstract renew(hash: string, ttlMs: number): Promise<void>;

  /** Ends a ticket. Not an error when it has ended already. */
  abstract remove(hash: string): Promise<void>;

  /** Frees connections and files. */
  abstract close(): Promise<void>;
}
