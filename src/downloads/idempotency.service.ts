import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { ProblemException } from '../problems/problem.exception.js';
import { type Claim, type ClaimResult, DownloadRegistry } from './registry/download-registry.js';
import { RETRY_AFTER } from './retry-after.js';

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
  constructor(
    private readonly registry: DownloadRegistry,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'idempotency'>,
  ) {}

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
    // Ends by itself when this process does.
    const { leaseMs } = this.pacing.idempotency;
    const result = await this.registry.claim(request, leaseMs);
    if (result.state !== 'completed' || !(await isVoid(result.downloadId))) return result;
    return this.registry.claim(request, leaseMs, result.downloadId);
  }
}

/** Another request holds the key. */
export function keyInUse(): ProblemException {
  return new ProblemException('IDEMPOTENCY_KEY_IN_USE', { headers: RETRY_AFTER });
}
