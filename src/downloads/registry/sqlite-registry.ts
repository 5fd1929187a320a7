import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { PACING } from '../../config/pacing.js';
import { SqliteConnection } from '../../store/sqlite-connection.js';
import {
  type Claim,
  type ClaimResult,
  type DownloadPage,
  type DownloadRecord,
  DownloadRegistry,
  type IdempotentRequest,
  OwnerConflictError,
} from './download-registry.js';

/**
 * Keeps the registry in a SQLite file that several processes of one machine share.
 *
 * A write has been synced to the disk when it resolves, and one that fails has been rolled back. Only a disk that fails
 * at the sync of a commit and a crash before the next write can leave it in the log all the same; then a request counts
 * as carried out though it was reported as failed, until it expires.
 */
export class SqliteRegistry extends DownloadRegistry {
  private readonly connection: SqliteConnection;
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** @param db as `openDatabase` returns it; closed by `close()` */
  constructor(
    db: DatabaseSync,
    private readonly retentionMs: number,
    pacing = PACING.store,
    private readonly clock: () => number = Date.now,
  ) {
    super();
    this.connection = new SqliteConnection(db, pacing);
    this.statements = prepareStatements(this.connection);
  }

  override add(record: DownloadRecord, claim?: Claim): Promise<boolean> {
    return this.write((now) => {
      const { id, owner, createdAt } = record;
      const expiresAt = now + this.retentionMs;
      if (claim) {
        const holder = { owner: claim.request.owner, key: claim.request.key, token: claim.token };
        const { changes } = this.statements.complete.run({ ...holder, id, expiresAt, now });
        if (changes === 0) return false;
      }
      const { changes } = this.statements.insert.run({ id, owner, createdAt, expiresAt, now });
      if (changes === 0) throw new OwnerConflictError();
      return true;
    });
  }

  override ownerOf(id: string): Promise<string | undefined> {
    return this.connection.run(() => {
      const row = this.statements.owner.get({ id, now: this.clock() });
      return row?.owner as string | undefined;
    });
  }

  override list(owner: string, skipCount: number, maxItems: number): Promise<DownloadPage> {
    return this.connection.snapshot(() => {
      const now = this.clock();
      const rows = this.statements.page.all({ owner, skipCount, maxItems, now });
      const { total } = this.statements.count.get({ owner, now }) as { total: number };
      const records = rows.map((row) => ({
        id: row.id as string,
        owner,
        createdAt: row.created_at as number,
      }));
      return { records, total };
    });
  }

  override async remove(id: string): Promise<void> {
    await this.write(() => this.statements.remove.run({ id }));
  }

  override claim(
    request: IdempotentRequest,
    leaseMs: number,
    voided?: string,
  ): Promise<ClaimResult> {
    return this.write((now) => {
      const { owner, key, fingerprint } = request;
      const known = this.statements.request.get({ owner, key, now });
      if (!known || (voided !== undefined && known.download_id === voided)) {
        const token = randomUUID();
        this.statements.claim.run({ owner, key, fingerprint, token, expiresAt: now + leaseMs });
        return { state: 'claimed', claim: { request, token } };
      }
      if (known.fingerprint !== fingerprint) return { state: 'reused' };
      return known.download_id === null
        ? { state: 'running' }
        : { state: 'completed', downloadId: known.download_id as string };
    });
  }

  override async release({ request: { owner, key }, token }: Claim): Promise<void> {
    await this.write(() => this.statements.release.run({ owner, key, token }));
  }

  override async renameOwners(prefix: string, replacement: string): Promise<void> {
    await this.write(() => {
      this.statements.renameDownloads.run({ prefix, replacement });
      this.statements.renameRequests.run({ prefix, replacement });
    });
  }

  /** Whether a write could begin, too: the likeliest obstacle is the lock of another process. */
  override ping(): Promise<void> {
    return this.connection.write(() => {});
  }

  override async close(): Promise<void> {
    this.connection.close();
  }

  private write<T>(work: (now: number) => T): Promise<T> {
    return this.connection.write(() => {
      // Read when the lock is there, which may take a while.
      const now = this.clock();
      const result = work(now);
      this.statements.sweepDownloads.run({ now });
      this.statements.sweepRequests.run({ now });
      return result;
    });
  }
}

/** A row whose `expires_at` is not after `:now` does not exist. The tables are in store/sqlite-migrations.ts. */
function prepareStatements(connection: SqliteConnection) {
  return {
    // An id that another owner holds is left as it is, and no row is changed.
    insert: connection.prepare(
      `INSERT INTO downloads (id, owner, created_at, expires_at)
       VALUES (:id, :owner, :createdAt, :expiresAt)
       ON CONFLICT (id) DO UPDATE
       SET owner = excluded.owner, created_at = excluded.created_at, expires_at = excluded.expires_at
       WHERE owner = excluded.owner OR expires_at <= :now`,
    ),
    owner: connection.prepare('SELECT owner FROM downloads WHERE id = :id AND expires_at > :now'),
    count: connection.prepare(
      'SELECT count(*) AS total FROM downloads WHERE owner = :owner AND expires_at > :now',
    ),
    page: connection.prepare(
      `SELECT id, created_at FROM downloads WHERE owner = :owner AND expires_at > :now
       ORDER BY created_at DESC, id DESC LIMIT :maxItems OFFSET :skipCount`,
    ),
    remove: connection.prepare('DELETE FROM downloads WHERE id = :id'),

    request: connection.prepare(
      `SELECT fingerprint, download_id FROM requests
       WHERE owner = :owner AND key = :key AND expires_at > :now`,
    ),
    claim: connection.prepare(
      `INSERT OR REPLACE INTO requests (owner, key, fingerprint, token, expires_at)
       VALUES (:owner, :key, :fingerprint, :token, :expiresAt)`,
    ),
    // Again with the same download is not an error: the caller may not have received the first response.
    complete: connection.prepare(
      `UPDATE requests SET download_id = :id, expires_at = :expiresAt
       WHERE owner = :owner AND key = :key AND token = :token AND expires_at > :now
       AND coalesce(download_id, :id) = :id`,
    ),
    release: connection.prepare(
      `DELETE FROM requests
       WHERE owner = :owner AND key = :key AND token = :token AND download_id IS NULL`,
    ),

    renameDownloads: connection.prepare(
      `UPDATE downloads SET owner = :replacement || substr(owner, length(:prefix) + 1)
       WHERE substr(owner, 1, length(:prefix)) = :prefix`,
    ),
    renameRequests: connection.prepare(
      `UPDATE OR IGNORE requests SET owner = :replacement || substr(owner, length(:prefix) + 1)
       WHERE substr(owner, 1, length(:prefix)) = :prefix`,
    ),

    sweepDownloads: connection.prepareSweep('downloads', 'id'),
    sweepRequests: connection.prepareSweep('requests', 'owner, key'),
  };
}
