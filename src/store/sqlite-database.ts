import { closeSync, lstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '../config/app-config.js';
import { PACING } from '../config/pacing.js';
import { migrate } from './sqlite-migrations.js';
import { isBusy, sqliteErrorName, sqliteProblem } from './sqlite-connection.js';

/** As many symbolic links in a row as Linux follows. */
const MAX_LINKS = 40;

/** Errors that an operator has to see to; after others a start may succeed later. */
const LASTING = new Set(['SQLITE_CANTOPEN', 'SQLITE_NOTADB', 'SQLITE_CORRUPT', 'SQLITE_READONLY']);

/**
 * Opens the database, making the file and its directory when they do not exist, and brings its schema up to date.
 *
 * @param path of a file, or `:memory:`
 * @throws ConfigurationError when the file cannot be used, ProblemException STORE_UNAVAILABLE when it is busy or full
 */
export function openDatabase(path: string, { openMs } = PACING.store): DatabaseSync {
  const file = path === ':memory:' ? path : createFile(resolve(path));
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: openMs });
    useWriteAheadLog(db, openMs);
    // Syncs the log at every commit. WAL's usual NORMAL does not: after a power failure, downloads that were
    // acknowledged would have no owner.
    db.exec('PRAGMA synchronous = FULL');
    migrate(db);
    // From here on waiting would block the event loop; `SqliteConnection` retries instead.
    db.exec('PRAGMA busy_timeout = 0');
    return db;
  } catch (error) {
    db?.close();
    throw startProblem(error);
  }
}

/** Only for the user of this process to read. SQLite gives its other files the mode of this one. */
function createFile(path: string): string {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // Opening for a new file does not follow a link; SQLite does, and would make the file for everyone to read.
    const target = targetOf(path);
    // Only a new file may be opened here: closing a descriptor drops the locks that a connection of this
    // process holds on the same file (https://sqlite.org/howtocorrupt.html, section 2.2).
    closeSync(openSync(target, 'wx', 0o600));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new ConfigurationError([`STORE_URL: the SQLite file cannot be created (${code})`]);
    }
  }
  return path;
}

/** The end of a chain of symbolic links, also when nothing is there yet. */
function targetOf(path: string, links = 0): string {
  if (links > MAX_LINKS || !lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    return path;
  return targetOf(resolve(dirname(path), readlinkSync(path)), links + 1);
}

/** SQLite does not wait for the busy timeout here: processes that start together may each be refused the switch at once. */
function useWriteAheadLog(db: DatabaseSync, timeoutMs: number): void {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      db.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function startProblem(error: unknown): unknown {
  const name = sqliteErrorName(error);
  return name && LASTING.has(name)
    ? new ConfigurationError([`STORE_URL: the SQLite file cannot be used (${name})`])
    : sqliteProblem(error);
}
