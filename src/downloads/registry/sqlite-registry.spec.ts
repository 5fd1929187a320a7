import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { openRegistry } from './registry.factory.js';
import { describeRegistry } from './registry.suite.js';
import { hold, HOUR, IMPATIENT, NOON, recordOf, REQUEST } from './samples.fixture.js';
import { describeSharedStore } from './shared-store.suite.js';
import { openDatabase } from '../../store/sqlite-database.js';
import { SqliteRegistry } from './sqlite-registry.js';

describe('the registry in memory', () => {
  const url = 'sqlite::memory:';

  describeRegistry({ open: (retentionMs) => openRegistry({ url, retentionMs }) });

  it('leaves no file behind', async () => {
    const registry = openRegistry({ url, retentionMs: HOUR });
    await registry.add(recordOf('d1'));
    expect(existsSync(':memory:')).toBe(false);
    await registry.close();
  });
});

describe('the registry in a SQLite file', () => {
  let directory: string;

  const open = (retentionMs: number, pacing?: typeof IMPATIENT) =>
    openRegistry({ url: `sqlite:${join(directory, 'data', 'downloads.db')}`, retentionMs }, pacing);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'registry-sqlite-'));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  describeRegistry({ open });
  describe('shared by two connections', () => describeSharedStore({ open }));

  it('gives up a hundred writes together when another process holds the lock, and goes on afterwards', async () => {
    const registry = open(HOUR, IMPATIENT);
    const other = openDatabase(join(directory, 'data', 'downloads.db'));
    other.exec('BEGIN IMMEDIATE');
    const begun = performance.now();
    const writes = Array.from({ length: 100 }, (_, index) => registry.add(recordOf(`d${index}`)));
    const outcomes = await Promise.allSettled([...writes, registry.ping()]);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    // One after the other, each with its own time, they would take more than twice as long.
    expect(performance.now() - begun).toBeLessThan(10_000);
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    other.exec('ROLLBACK');
    other.close();
    await expect(registry.add(recordOf('d1'))).resolves.toBe(true);
    await registry.close();
  });

  it('notices that its file was deleted or replaced', async () => {
    const registry = open(HOUR);
    await registry.ping();
    rmSync(join(directory, 'data', 'downloads.db'));
    await expect(registry.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(registry.add(recordOf('d1'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const replacement = open(HOUR);
    await expect(registry.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(replacement.ping()).resolves.toBeUndefined();
    await registry.close();
    await replacement.close();
  });

  it('still knows what was recorded after it was opened again', async () => {
    const before = open(HOUR);
    await before.add(recordOf('d1'), await hold(before));
    await before.close();
    const after = open(HOUR);
    await expect(after.ownerOf('d1')).resolves.toBe('basic:alice');
    await expect(after.claim(REQUEST, 1)).resolves.toMatchObject({ state: 'completed' });
    await after.close();
  });
});

describe('the retention of the registry in SQLite', () => {
  let now: number;
  let db: DatabaseSync;
  let registry: SqliteRegistry;

  const rowsOf = (table: string) => db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()!.rows;

  beforeEach(() => {
    now = NOON;
    db = openDatabase(':memory:');
    registry = new SqliteRegistry(db, HOUR, undefined, () => now);
  });

  afterEach(() => registry.close());

  it('ends a row and a completed key at the millisecond', async () => {
    await registry.add(recordOf('d1'), await hold(registry, 1));
    now = NOON + HOUR - 1;
    await expect(registry.ownerOf('d1')).resolves.toBe('basic:alice');
    await expect(registry.claim(REQUEST, 1)).resolves.toMatchObject({ state: 'completed' });
    now = NOON + HOUR;
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({ records: [], total: 0 });
    await expect(registry.claim(REQUEST, 1)).resolves.toMatchObject({ state: 'claimed' });
  });

  it('ends a lease at the millisecond', async () => {
    const claim = await hold(registry, 1000);
    now = NOON + 999;
    await expect(registry.claim(REQUEST, 1000)).resolves.toEqual({ state: 'running' });
    now = NOON + 1000;
    await expect(registry.add(recordOf('d1'), claim)).resolves.toBe(false);
    await expect(registry.claim(REQUEST, 1000)).resolves.toMatchObject({ state: 'claimed' });
  });

  it('deletes expired rows when it writes, a bounded number at a time', async () => {
    for (let number = 0; number < 150; number += 1) await registry.add(recordOf(`old${number}`));
    now = NOON + HOUR;
    await registry.add(recordOf('new1'));
    expect(rowsOf('downloads')).toBe(51);
    await registry.add(recordOf('new2'));
    expect(rowsOf('downloads')).toBe(2);
    await expect(registry.list('basic:alice', 0, 10)).resolves.toMatchObject({ total: 2 });
  });

  it('deletes expired claims when it writes', async () => {
    for (const key of ['k1', 'k2', 'k3']) await registry.claim({ ...REQUEST, key }, 1000);
    now = NOON + 1000;
    await registry.add(recordOf('d1'));
    expect(rowsOf('requests')).toBe(0);
  });
});
