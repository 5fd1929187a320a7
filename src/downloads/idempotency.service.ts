import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ProblemException } from '../problems/problem.exception.js';
import { type Claim, type ClaimResult, DownloadRegistry } from './registry/download.registry.js';
import { RETRY_AFTER } from './retry-after.js';

/**
 * Milliseconds after which a request that was neither answered nor refused, because its process died, no
 * longer holds its Idempotency-Key. Longer than a POST can take with any sensible ALFRESCO_TIMEOUT_MS.
 */
const CLAIM_LEASE_MS = 60_000;

/** What is to be done once for a caller and his key. */
export interface IdempotentWork {
  /** `Caller.id`. */
  readonly owner: string;
  readonly key: string;
  readonly nodeIds: readonly string[];
  /** Does it, under the claim, and returns the id of the download. */
  readonly carryOut: (claim: Claim) => Promise<string>;
  /** Whether the download of an earlier, completed request turned out not to exist. */
  readonly isVoid: (downloadId: string) => Promise<boolean>;
}

/** Carries out a request once, however often and from however many processes its caller asks. */
@Injectable()
export class IdempotencyService {
  constructor(private readonly registry: DownloadRegistry) {}

  /**
   * The id of the download that this or an earlier request with the key has made.
   * @throws ProblemException IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, and what `carryOut` throws
   */
  async once(work: IdempotentWork): Promise<string> {
    const result = await this.claim(work);
    if (result.state === 'completed') return result.downloadId;
    if (result.state === 'reused') throw new ProblemException('IDEMPOTENCY_KEY_REUSED');
    if (result.state === 'running') throw keyInUse();
    try {
      return await work.carryOut(result.claim);
    } catch (error) {
      // A store that does not answer now lets the claim expire by itself.
      await this.registry.release(result.claim).catch(() => {});
      throw error;
    }
  }

  private async claim({ owner, key, nodeIds, isVoid }: IdempotentWork): Promise<ClaimResult> {
    const fingerprint = createHash('sha256').update(JSON.stringify(nodeIds)).digest('base64url');
    const request = { owner, key, fingerprint };
    const result = await this.registry.claim(request, CLAIM_LEASE_MS);
    if (result.state !== 'completed' || !(await isVoid(result.downloadId))) return result;
    return this.registry.claim(request, CLAIM_LEASE_MS, result.downloadId);
  }
}

/** Another request holds the key. */
export function keyInUse(): ProblemException {
  return new ProblemException('IDEMPOTENCY_KEY_IN_USE', { headers: RETRY_AFTER });
}
