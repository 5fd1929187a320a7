import { randomUUID } from 'node:crypto';
import {
  type Claim,
  type ClaimResult,
  type DownloadPage,
  type DownloadRecord,
  DownloadRegistry,
  type IdempotentRequest,
  OwnerConflictError,
} from './download-registry.js';
import { PACING } from '../../config/pacing.js';
import { RedisConnection } from '../../store/redis-connection.js';
import {
  downloadKey,
  ownerKeys,
  requestKey,
  SCRIPTS,
  type ScriptCommands,
} from './redis-schema.js';

/**
 * Keeps the registry in a Redis that several machines share.
 *
 * An acknowledged write is as durable as Redis is configured to be: it takes `appendonly yes` and
 * `appendfsync always` for a row to survive a power failure (with `everysec`, the default of `appendonly
 * yes`, up to a second of rows is lost), `maxmemory-policy noeviction` for it to survive a full memory.
 * `WAITAOF` could wait for the disk with `everysec`, but only from Redis 7.2 on; `always` does so on all.
 *
 * A write without a response may have happened, or happen later, when a stopped Redis goes on. It is reported as
 * failed, and the caller of the registry deletes the download; the connection takes the write back when Redis responds
 * again, so that no Idempotency-Key stays completed by a download that was deleted, or claimed by no one.
 * A completion that arrives only after that finds its claim gone and records nothing. A row without a claim
 * that arrives so late stays until it expires: it names a download that does not exist.
 */
export class RedisRegistry extends DownloadRegistry {
  private readonly connection: RedisConnection<ScriptCommands>;

  /** @throws ConfigurationError when the URL is not one of Redis */
  constructor(
    url: string,
    private readonly retentionMs: number,
    pacing = PACING.store,
  ) {
    super();
    this.connection = new RedisConnection(url, pacing, SCRIPTS);
  }

  override async add(record: DownloadRecord, claim?: Claim): Promise<boolean> {
    const { id, owner, createdAt } = record;
    const keys = [downloadKey(id), ...ownerKeys(owner)];
    if (claim) keys.push(requestKey(claim.request));
    const values = [id, owner, createdAt, this.retentionMs, claim?.token ?? ''];
    const outcome = await this.connection.send(
      (redis) => redis.addDownload(keys.length, ...keys, ...values),
      async () => {
        // First the key: a retry must not be given this download.
        if (claim) await this.free(claim, id);
        await this.forget(id, owner);
      },
    );
    if (outcome === 'conflict') throw new OwnerConflictError();
    return outcome === 'added';
  }

  override async ownerOf(id: string): Promise<string | undefined> {
    const owner = await this.connection.send((redis) => redis.hget(downloadKey(id), 'owner'));
    return owner ?? undefined;
  }

  override async list(owner: string, skipCount: number, maxItems: number): Promise<DownloadPage> {
    const [total, idsAndTimes] = await this.connection.send((redis) =>
      redis.listDownloads(...ownerKeys(owner), skipCount, maxItems),
    );
    const records: DownloadRecord[] = [];
    for (let at = 0; at < idsAndTimes.length; at += 2) {
      records.push({ id: idsAndTimes[at]!, owner, createdAt: Number(idsAndTimes[at + 1]) });
    }
    return { records, total };
  }

  override async remove(id: string): Promise<void> {
    // A download never changes its owner, so nothing can come between the two steps.
    const owner = await this.ownerOf(id);
    if (owner !== undefined) await this.connection.send(() => this.forget(id, owner));
  }

  override async claim(
    request: IdempotentRequest,
    leaseMs: number,
    voided = '',
  ): Promise<ClaimResult> {
    const { fingerprint } = request;
    const claim: Claim = { request, token: randomUUID() };
    const [state, downloadId] = await this.connection.send(
      (redis) => redis.claimRequest(requestKey(request), fingerprint, claim.token, leaseMs, voided),
      () => this.free(claim),
    );
    if (state === 'completed') return { state, downloadId };
    return state === 'claimed' ? { state, claim } : { state };
  }

  override async release(claim: Claim): Promise<void> {
    try {
      await this.connection.send(() => this.free(claim));
    } catch (error) {
      // Late is better than the rest of the lease.
      this.connection.undoLater(() => this.free(claim));
      throw error;
    }
  }

  /**
   * One download after the other, each in one step. Idempotency-Keys stay behind: their keys are hashes of the owner, whom
   * nothing names; they expire after the retention.
   */
  override async renameOwners(prefix: string, replacement: string): Promise<void> {
    let cursor = '0';
    do {
      const [next, keys] = await this.connection.send((redis) =>
        redis.scan(cursor, 'MATCH', downloadKey('*'), 'COUNT', 500),
      );
      cursor = next;
      for (const key of keys) await this.renameOwner(key, prefix, replacement);
    } while (cursor !== '0');
  }

  private async renameOwner(key: string, prefix: string, replacement: string): Promise<void> {
    const owner = await this.connection.send((redis) => redis.hget(key, 'owner'));
    if (!owner?.startsWith(prefix)) return;
    const newOwner = replacement + owner.slice(prefix.length);
    const id = key.slice(downloadKey('').length);
    const keys = [key, ...ownerKeys(owner), ...ownerKeys(newOwner)] as const;
    await this.connection.send((redis) => redis.renameOwner(...keys, id, owner, newOwner));
  }

  override async ping(): Promise<void> {
    await this.connection.send((redis) => redis.ping());
  }

  override close(): Promise<void> {
    return this.connection.close();
  }

  private forget(id: string, owner: string): Promise<unknown> {
    return this.connection.redis.removeDownload(downloadKey(id), ...ownerKeys(owner), id);
  }

  private free(claim: Claim, completedBy = ''): Promise<unknown> {
    const { request, token } = claim;
    return this.connection.redis.releaseRequest(requestKey(request), token, completedBy);
  }
}
