import { ProblemException } from '../problems/problem.exception.js';

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
