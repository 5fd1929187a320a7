export interface DownloadRecord {
  /** Id of the download node. */
  readonly id: string;
  /** `Caller.id` of the caller that created it. */
  readonly owner: string;
  /** Milliseconds of the epoch. */
  readonly createdAt: number;
}

/** A page of one owner's downloads. */
export interface DownloadPage {
  /** Newest first. */
  readonly records: readonly DownloadRecord[];
  /** Of all pages. */
  readonly total: number;
}

/** A request that must not be carried out twice (the Idempotency-Key header). */
export interface IdempotentRequest {
  /** `Caller.id`; the same key of another caller is another request. */
  readonly owner: string;
  readonly key: string;
  /** Hash of the body; the same key with another one is an error of the caller. */
  readonly fingerprint: string;
}

/** The right to carry out an idempotent request, held by one process until it is completed, released or expires. */
export interface Claim {
  readonly request: IdempotentRequest;
  /** Random; distinguishes this claim from a later one for the same request. */
  readonly token: string;
}

export type ClaimResult =
  | { readonly state: 'claimed'; readonly claim: Claim }
  /** Another request holds the claim. */
  | { readonly state: 'running' }
  /** It has been carried out, and created this download. */
  | { readonly state: 'completed'; readonly downloadId: string }
  /** The key was used with another body. */
  | { readonly state: 'reused' };

/** The id is recorded for another owner. Alfresco never gives an id twice, so this is a defect, not a state of the store. */
export class OwnerConflictError extends Error {
  override readonly name = 'OwnerConflictError';

  constructor() {
    super('the download is recorded for another owner');
  }
}

/**
 * The owner of each download, and the Idempotency-Key that created it. Shared by all processes of the service.
 *
 * Rows live for the configured retention; a row that has outlived it does not exist. Every method
 * throws ProblemException STORE_UNAVAILABLE when the store does not respond in time.
 *
 * To add another kind of store, see `StoreKinds` (store/open-store.ts).
 */
export abstract class DownloadRegistry {
  /**
   * Records a download; durable when it resolves. With a claim, completes it in the same step.
   * @returns false, with nothing recorded, when the claim has expired and is no longer held
   * @throws OwnerConflictError when the id is recorded for another owner
   */
  abstract add(record: DownloadRecord, claim?: Claim): Promise<boolean>;

  /** `Caller.id`; `undefined` for a download that is not recorded. */
  abstract ownerOf(id: string): Promise<string | undefined>;

  abstract list(owner: string, skipCount: number, maxItems: number): Promise<DownloadPage>;

  /** Forgets a download. Not an error when it is not recorded. The Idempotency-Key that created it stays completed. */
  abstract remove(id: string): Promise<void>;

  /**
   * Asks for the right to carry out a request; a claim that is neither completed nor released expires after `leaseMs`.
   * @param voided a download that turned out not to exist: a request completed with it counts as never carried out
   */
  abstract claim(
    request: IdempotentRequest,
    leaseMs: number,
    voided?: string,
  ): Promise<ClaimResult>;

  /** Gives a claim back because the request failed: the key is free again. Not an error when it has expired. */
  abstract release(claim: Claim): Promise<void>;

  /**
   * Gives what belongs to callers whose id begins with `prefix` to those with `replacement` in its place. Again is not an
   * error, nor beside other processes that do the same. The registry of another application need not do anything.
   */
  async renameOwners(_prefix: string, _replacement: string): Promise<void> {}

  /** Resolves when the store responds; for the readiness probe. */
  abstract ping(): Promise<void>;

  /** Frees connections and files. */
  abstract close(): Promise<void>;
}
