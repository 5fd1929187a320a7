import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { PACING, type Pacing } from '../config/pacing.js';
import { ProblemException } from '../problems/problem.exception.js';

/** Expired rows that one write deletes at most; more than it adds, so that they do not pile up. */
const SWEEP = 100;

/**
 * A SQLite file that several processes of one machine share.
 *
 * A statement blocks the event loop, a write until it is synced to the disk. Waiting for the lock of another process
 * does not: attempts return at once, with turns of the event loop in between.
 *
 * All methods that return a promise reject with ProblemException STORE_UNAVAILABLE when SQLite fails, or when the lock
 * is not free within `lockMs`.
 */
export class SqliteConnection {
  /** Identifies the file that was opened. */
  private readonly file: string;
  /** The last write of this process that waits or runs. */
  private lastWrite: Promise<unknown> = Promise.resolve();

  /** @param db as `openDatabase` returns it; closed by `close()` */
  constructor(
    private readonly db: DatabaseSync,
    private readonly pacing: Pick<Pacing['store'], 'lockMs'> = PACING.store,
  ) {
    this.file = fileOf(db);
  }

  prepare(sql: string): StatementSync {
    return this.db.prepare(sql);
  }

  /**
   * The statement that deletes rows whose time (`expires_at`) is over at `:now`, some at a time.
   * @param key columns of the primary key
   */
  prepareSweep(table: string, key: string): StatementSync {
    return this.prepare(
      `DELETE FROM ${table} WHERE (${key}) IN
       (SELECT ${key} FROM ${table} WHERE expires_at <= :now LIMIT ${SWEEP})`,
    );
  }

  /** Runs statements without a transaction; all of them again when one finds the file locked. */
  run<T>(work: () => T): Promise<T> {
    return this.retryWhileBusy(work, this.deadline());
  }

  /** Runs statements that all see the file as it is at one moment. */
  snapshot<T>(work: () => T): Promise<T> {
    return this.transaction('BEGIN', work, this.deadline());
  }

  /**
   * Runs statements that take effect together or not at all.
   *
   * Writes of this process take turns: a hundred that ask for the lock at once would not get it any sooner, and would
   * leave no time for anything else.
   */
  write<T>(work: () => T): Promise<T> {
    const deadline = this.deadline();
    const turn = this.lastWrite.then(() => {
      // SQLite goes on writing to a file that was deleted or replaced, and reports success.
      if (fileOf(this.db) !== this.file) throw fileRemoved();
      return this.transaction('BEGIN IMMEDIATE', work, deadline);
    });
    this.lastWrite = turn.catch(() => {});
    return turn;
  }

  close(): void {
    if (this.db.isOpen) this.db.close();
  }

  private transaction<T>(begin: string, work: () => T, deadline: number): Promise<T> {
    return this.retryWhileBusy(() => {
      this.db.exec(begin);
      try {
        const result = work();
        this.db.exec('COMMIT');
        return result;
      } catch (error) {
        // SQLite has ended it by itself after some errors, such as a full disk.
        if (this.db.isTransaction) this.db.exec('ROLLBACK');
        throw error;
      }
    }, deadline);
  }

  private async retryWhileBusy<T>(work: () => T, deadline: number): Promise<T> {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!isBusy(error) || performance.now() > deadline) throw sqliteProblem(error);
        // At random, so that processes that wait do not all come back at the same moment.
        await delay(1 + Math.random() * 10);
      }
    }
  }

  private deadline(): number {
    return performance.now() + this.pacing.lockMs;
  }
}

/** The same for every database in memory. */
function fileOf(db: DatabaseSync): string {
  const path = db.isOpen ? db.location() : null;
  const file = path === null ? undefined : statSync(path, { throwIfNoEntry: false });
  return file ? `${file.dev}:${file.ino}` : '';
}

function fileRemoved(): ProblemException {
  return new ProblemException('STORE_UNAVAILABLE', { diagnosis: 'the SQLite file was removed' });
}

const BUSY = 5;

/** Primary result codes (https://sqlite.org/rescode.html) that an operator can do something about. */
const NAMES: Readonly<Record<number, string>> = {
  [BUSY]: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
};

/** The name of SQLite's error, e.g. `SQLITE_FULL`; `undefined` for an error that is not SQLite's. */
export function sqliteErrorName(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  // After close().
  if (error.code === 'ERR_INVALID_STATE') return 'SQLITE_CLOSED';
  if (error.code !== 'ERR_SQLITE_ERROR') return undefined;
  const resultCode = Number('errcode' in error && error.errcode);
  // The low byte is the primary code; the rest details it.
  return NAMES[resultCode & 0xff] ?? `SQLITE_ERROR_${resultCode}`;
}

/** Whether another process holds the lock, so that the same call may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return sqliteErrorName(error) === NAMES[BUSY];
}

/** SQLite's error as a problem. Its message is dropped: it may quote the path or the SQL. */
export function sqliteProblem(error: unknown): unknown {
  const diagnosis = sqliteErrorName(error);
  return diagnosis ? new ProblemException('STORE_UNAVAILABLE', { diagnosis }) : error;
}
