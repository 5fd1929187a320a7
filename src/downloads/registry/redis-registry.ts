import { randomUUID } from 'node:crypto';
import {
  type Claim,
  type ClaimResult,
  type DownloadPage,
  type DownloadRecord,
  DownloadRegistry,
  type IdempotentRequest,
} from './download-registry.js';
import { OwnerConflictError } from './owner-conflict-error.js';
import { PACING } from '../../config/pacing.js';
import { RedisConnection } from '../../store/redis-connection.js';
import { isRefusal, redisErrorName, redisProblem } from '../../store/redis-failure.js';
import { claimKeys, downloadKey, ownerKeys, requestKey } from './redis-keys.js';
import type { ScriptedRedis } from './redis-scripts.js';
import { UnsettledWrites } from './unsettled-writes.js';

/**
 * Keeps the registry in a Redis that several machines share.
 *
 * An answered write is as durable as Redis is told to be: it takes `appendonly yes` and
 * `appendfsync always` for a row to survive a power failure (with `everysec`, the default of `appendonly
 * yes`, up to a second of rows is lost), `maxmemory-policy noeviction` for it to survive a full memory.
 * `WAITAOF` could wait for the disk with `everysec`, but only from Redis 7.2 on; `always` does so on all.
 *
 * A write without an answer may have happened, or happen later, when a stopped Redis goes on. The caller
 * is told that it failed, and deletes the download; the registry takes the write back when Redis answers
 * again, so that no Idempotency-Key stays completed by a download that was deleted, or claimed by no one.
 * A completion that arrives only after that finds its claim gone and records nothing. A row without a claim
 * that arrives so late stays until it expires: it names a download that does not exist.
 */
export class RedisRegistry extends DownloadRegistry {
  private readonly connection: RedisConnection;
  private readonly redis: ScriptedRedis;
  private readonly unsettled: UnsettledWrites;

  /** @throws ConfigurationError when the URL is not one of Redis */
  constructor(
    url: string,
    private readonly retentionMs: number,
    pacing = PACING.store,
  ) {
    super();
    this.unsettled = new UnsettledWrites(pacing);
    this.connection = new RedisConnection(url, pacing);
    this.redis = this.connection.redis;
    this.redis.on('ready', () => void this.unsettled.settle());
  }

  override async add(record: DownloadRecord, claim?: Claim): Promise<boolean> {
    const { id, owner, createdAt } = record;
    const keys = [downloadKey(id), ...ownerKeys(owner), ...claimKeys(claim)];
    const values = [id, owner, createdAt, this.retentionMs, claim?.token ?? ''];
    const outcome = await this.send(
      () => this.redis.addDownload(keys.length, ...keys, ...values),
      async () => {
        // First the key: a retry must not be told of this download.
        if (claim) await this.free(claim, id);
        await this.forget(id, owner);
      },
    );
    if (outcome === 'conflict') throw new OwnerConflictError();
    return outcome === 'added';
  }

  override async ownerOf(id: string): Promise<string | undefined> {
    const owner = await this.send(() => this.redis.hget(downloadKey(id), 'owner'));
    return owner ?? undefined;
  }

  override async list(owner: string, skipCount: number, maxItems: number): Promise<DownloadPage> {
    const [total, idsAndTimes] = await this.send(() =>
      this.redis.listDownloads(...ownerKeys(owner), skipCount, maxItems),
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
    if (owner !== undefined) await this.send(() => this.forget(id, owner));
  }

  override async claim(
    request: IdempotentRequest,
    leaseMs: number,
    voided = '',
  ): Promise<ClaimResult> {
    const claim: Claim = { request, token: randomUUID() };
    const [state, downloadId] = await this.send(
      () =>
        this.redis.claimRequest(
          requestKey(request),
          request.fingerprint,
          claim.token,
          leaseMs,
          voided,
        ),
      () => this.free(claim),
    );
    if (state === 'completed') return { state, downloadId };
    return state === 'claimed' ? { state, claim } : { state };
  }

  override async release(claim: Claim): Promise<void> {
    try {
      await this.send(() => this.free(claim));
    } catch (error) {
      // Late is better than the rest of the lease.
      this.unsettled.add(() => this.free(claim));
      throw error;
    }
  }

  override async ping(): Promise<void> {
    await this.send(() => this.redis.ping());
  }

  override async close(): Promise<void> {
    await this.unsettled.close();
    await this.connection.close();
  }

  private forget(id: string, owner: string): Promise<unknown> {
    return this.redis.removeDownload(downloadKey(id), ...ownerKeys(owner), id);
  }

  private free(claim: Claim, completedBy = ''): Promise<unknown> {
    return this.redis.releaseRequest(requestKey(claim.request), claim.token, completedBy);
  }

  /** @param undo what takes the command back if it is not known whether it happened */
  private async send<T>(command: () => Promise<T>, undo?: () => Promise<unknown>): Promise<T> {
    const obstacle = await this.connection.obstacle();
    if (obstacle) throw redisProblem(obstacle);
    try {
      return await command();
    } catch (error) {
      if (undo && !isRefusal(error)) this.unsettled.add(undo);
      throw redisProblem(redisErrorName(error));
    }
  }
}
