import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import {
  type Claim,
  type ClaimResult,
  type DownloadPage,
  type DownloadRecord,
  DownloadRegistry,
  type IdempotentRequest,
} from './download-registry.js';
import { PACING } from '../../config/pacing.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { OwnerConflictError } from './owner-conflict-error.js';
import { unlessBusy } from '../../store/retry-while-busy.js';
import { prepareStatements, type SqliteStatements } from './sqlite-statements.js';

/**
 * Keeps the registry in a SQLite file that several processes of one machine share.
 *
 * A write has been synced to the disk when it resolves, and blocks the event loop for that long. Waiting
 * for the lock of another process does not: attempts return at once, with turns of the event loop in between,
 * and of the writes that wait only the first one asks.
 *
 * A write that fails has been rolled back. Only a disk that fails at the sync of a commit and a crash
 * before the next write can leave it in the log all the same; then a request counts as carried out though
 * its caller was told otherwise, until it expires.
 */
export class SqliteRegistry extends DownloadRegistry {
  private readonly statements: SqliteStatements;
  /** The file that was opened. */
  private readonly file: string;
  /** The last write of this process that waits or runs. */
  private lastWrite: Promise<unknown> = Promise.resolve();

  /** @param db as `openDatabase` returns it; closed by `close()` */
  constructor(
    private readonly db: DatabaseSync,
    private readonly retentionMs: number,
    private readonly pacing = PACING.store,
    private readonly clock: () => number = Date.now,
  ) {
    super();
    this.statements = prepareStatements(db);
    this.file = fileOf(db);
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
    return unlessBusy(() => {
      const row = this.statements.owner.get({ id, now: this.clock() });
      return row?.owner as string | undefined;
    }, this.deadline());
  }

  override list(owner: string, skipCount: number, maxItems: number): Promise<DownloadPage> {
    // One transaction, so that the total and the page are of the same moment.
    const work = (now: number) => {
      const rows = this.statements.page.all({ owner, skipCount, maxItems, now });
      const { total } = this.statements.count.get({ owner, now }) as { total: number };
      const records = rows.map((row) => ({
        id: row.id as string,
        owner,
        createdAt: row.created_at as number,
      }));
      return { records, total };
    };
    return this.transaction('BEGIN', work, this.deadline());
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

  /** Also whether a write could begin: a lock of another process is what is most likely to be in the way. */
  override ping(): Promise<void> {
    return this.inTurn(() => {});
  }

  override async close(): Promise<void> {
    if (this.db.isOpen) this.db.close();
  }

  private write<T>(work: (now: number) => T): Promise<T> {
    return this.inTurn((now) => {
      const result = work(now);
      this.statements.sweepDownloads.run({ now });
      this.statements.sweepRequests.run({ now });
      return result;
    });
  }

  /** One after the other: a hundred that ask for the lock at once would get it no sooner, and leave time for nothing else. */
  private inTurn<T>(work: (now: number) => T): Promise<T> {
    const deadline = this.deadline();
    const turn = this.lastWrite.then(() => {
      // SQLite goes on writing to a file that was deleted or replaced, and says that all is well.
      if (fileOf(this.db) !== this.file) throw fileGone();
      return this.transaction('BEGIN IMMEDIATE', work, deadline);
    });
    this.lastWrite = turn.catch(() => {});
    return turn;
  }

  private transaction<T>(begin: string, work: (now: number) => T, deadline: number): Promise<T> {
    return unlessBusy(() => {
      this.db.exec(begin);
      try {
        const result = work(this.clock());
        this.db.exec('COMMIT');
        return result;
      } catch (error) {
        // SQLite has ended it by itself after some errors, such as a full disk.
        if (this.db.isTransaction) this.db.exec('ROLLBACK');
        throw error;
      }
    }, deadline);
  }

  private deadline(): number {
    return performance.now() + this.pacing.lockMs;
  }
}

/** What identifies the file behind a connection; the same for every database in memory. */
function fileOf(db: DatabaseSync): string {
  const path = db.isOpen ? db.location() : null;
  const file = path === null ? undefined : statSync(path, { throwIfNoEntry: false });
  return file ? `${file.dev}:${file.ino}` : '';
}

function fileGone(): ProblemException {
  return new ProblemException('STORE_UNAVAILABLE', { diagnosis: 'the SQLite file was removed' });
}
