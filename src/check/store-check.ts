import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type AppConfig, ConfigurationError } from '../config/app-config.js';
import { openRegistry } from '../downloads/registry/registry.factory.js';
import { ProblemException } from '../problems/problem.exception.js';
import { openStore } from '../store/open-store.js';
import { sqliteErrorName } from '../store/sqlite-connection.js';
import { MIGRATIONS } from '../store/sqlite-migrations.js';
import { type Findings, measured } from './findings.js';
import { checkRedis } from './redis-check.js';

/** Checks the store, in which it leaves nothing: no row, no file, no newer schema. */
export async function checkStore(config: AppConfig, findings: Findings): Promise<void> {
  try {
    await openStore(config.store.url, {
      sqlite: (path) => checkSqlite(path, config, findings),
      redis: async (url) => {
        await checkRedis(url, config.pacing.store, findings);
        await checkWrite(config, findings);
      },
    });
  } catch (error) {
    findings.fail(
      'store',
      reasonOf(error),
      'check STORE_URL; see "The store" in docs/operations.md',
    );
  }
}

async function checkSqlite(path: string, config: AppConfig, findings: Findings): Promise<void> {
  if (path === ':memory:') {
    const advice = 'for trials only; set STORE_URL to a file or a Redis';
    findings.warn('store', 'in memory: owners of downloads end with the process', advice);
    return;
  }
  const file = resolve(path);
  if (!existsSync(file)) {
    requireWritable(existingFolderOf(file));
    findings.ok('store', 'the SQLite file does not exist yet, and its folder can be written');
    return;
  }
  checkMode(file, findings);
  const { schema, version } = inspect(file);
  if (schema > MIGRATIONS.length) {
    const advice = 'use the version of the service that wrote it, or another file';
    findings.fail('store', `schema ${schema}; this version knows ${MIGRATIONS.length}`, advice);
  } else if (schema < MIGRATIONS.length) {
    findings.ok('store', `SQLite ${version}, schema ${schema}, which the next start will update`);
  } else {
    findings.ok('store', `SQLite ${version}, schema ${schema}`);
    await checkWrite(config, findings);
  }
}

/** Without the migrations of `openDatabase`: a service of the version before may be running. */
function inspect(file: string): { schema: number; version: string } {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const { user_version: schema } = db.prepare('PRAGMA user_version').get()!;
    const { version } = db.prepare('SELECT sqlite_version() AS version').get()!;
    return { schema: Number(schema), version: String(version) };
  } finally {
    db.close();
  }
}

function checkMode(file: string, findings: Findings): void {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  const seen = `mode ${mode.toString(8)}: others on this machine may read or write it`;
  findings.warn('store: file', seen, 'chmod 600, also for the files beside it (-wal, -shm)');
}

/** Writes, reads and removes a record as the service does; a write has been synced when it is reported. */
async function checkWrite({ store, pacing }: AppConfig, findings: Findings): Promise<void> {
  const registry = openRegistry(store, pacing.store);
  const record = { id: randomUUID(), owner: `check:${randomUUID()}`, createdAt: Date.now() };
  try {
    const { durationMs } = await measured(() => registry.add(record));
    const owner = await registry.ownerOf(record.id);
    await registry.remove(record.id);
    if (owner === record.owner) findings.ok('store: write', 'written, read, removed', durationMs);
    else findings.fail('store: write', 'a record cannot be read back', 'check the store');
  } finally {
    // Again, for a write whose outcome is unknown.
    await registry.remove(record.id).catch(() => {});
    await registry.close();
  }
}

function existingFolderOf(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) ? folder : existingFolderOf(folder);
}

/** By trying: permissions say nothing to a superuser, or on a file system that is read-only. */
function requireWritable(folder: string): void {
  rmdirSync(mkdtempSync(join(folder, '.check-')));
}

function reasonOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.problems.join('; ');
  if (error instanceof ProblemException) return error.diagnosis ?? error.code;
  const code = sqliteErrorName(error) ?? (error as NodeJS.ErrnoException).code;
  if (code === undefined) throw error;
  return `the SQLite file cannot be used (${code})`;
}
