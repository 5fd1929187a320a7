import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  hold,
  HOUR,
  IMPATIENT,
  recordOf,
  REQUEST,
  unavailable,
} from '../downloads/registry/samples.fixture.js';
import { openDatabase } from './sqlite-database.js';
import { SqliteRegistry } from '../downloads/registry/sqlite-registry.js';
import { Writer } from '../downloads/registry/writer.fixture.js';

let directory: string;
let file: string;
let db: DatabaseSync;
let registry: SqliteRegistry;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'registry-sqlite-'));
  file = join(directory, 'downloads.db');
  db = openDatabase(file);
  registry = new SqliteRegistry(db, HOUR);
});

afterEach(async () => {
  await registry.close();
  rmSync(directory, { recursive: true });
});

describe('several processes on one SQLite file', () => {
  it('start together on a new file and write at once without losing a row', async () => {
    const url = `sqlite:${join(directory, 'new.db')}`;
    const owners = ['alice', 'bob', 'carol'];
    const writers = owners.map((owner) => new Writer(url, owner, 100));
    await Writer.begin(...writers);
    await Promise.all(writers.map((writer) => writer.finished()));
    const reader = new SqliteRegistry(openDatabase(join(directory, 'new.db')), HOUR);
    for (const owner of owners) {
      await expect(reader.list(owner, 0, 1)).resolves.toMatchObject({ total: 100 });
    }
    await reader.close();
  });

  it('lose nothing that was acknowledged when one is killed', async () => {
    const writer = new Writer(`sqlite:${file}`, 'alice', 1_000_000);
    await Writer.begin(writer);
    await vi.waitUntil(() => writer.acknowledged.length > 100, { timeout: 15_000 });
    await writer.kill();
    for (const id of writer.acknowledged) {
      await expect(registry.ownerOf(id)).resolves.toBe('alice');
    }
    await expect(registry.add(recordOf('d1'))).resolves.toBe(true);
  });

  it('wait for one that writes, and do other work meanwhile', async () => {
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const added = registry.add(recordOf('d1'));
    setTimeout(() => other.exec('COMMIT'), 50);
    await expect(added).resolves.toBe(true);
    other.close();
  });

  it('give up on one that does not end its write, still read, and recover', async () => {
    const other = new DatabaseSync(file);
    registry = new SqliteRegistry(db, HOUR, IMPATIENT);
    other.exec('BEGIN IMMEDIATE');
    const start = performance.now();
    await expect(registry.add(recordOf('d1'))).rejects.toMatchObject(unavailable('SQLITE_BUSY'));
    expect(performance.now() - start).toBeLessThan(4000);
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    other.exec('ROLLBACK');
    await expect(registry.add(recordOf('d1'))).resolves.toBe(true);
    other.close();
  });
});

describe('a SQLite file that does not work', () => {
  it('says that it is full, keeps nothing of the failed write, and recovers', async () => {
    const claim = await hold(registry);
    const { page_count } = db.prepare('PRAGMA page_count').get() as { page_count: number };
    db.exec(`PRAGMA max_page_count = ${page_count}`);
    const big = recordOf('d1', 'x'.repeat(100_000));
    await expect(registry.add(big, claim)).rejects.toMatchObject(unavailable('SQLITE_FULL'));
    await expect(registry.claim(REQUEST, 1)).resolves.toEqual({ state: 'running' });
    db.exec('PRAGMA max_page_count = 1000000');
    await expect(registry.add(big, claim)).resolves.toBe(true);
  });

  it('says that it cannot be written, and still reads', async () => {
    await registry.add(recordOf('d1'));
    db.exec('PRAGMA query_only = 1');
    await expect(registry.remove('d1')).rejects.toMatchObject(unavailable('SQLITE_READONLY'));
    await expect(registry.ownerOf('d1')).resolves.toBe('basic:alice');
  });

  it('says that it is damaged', async () => {
    await registry.add(recordOf('d1'));
    await registry.close();
    // All but the first page, which holds the header and the schema.
    writeFileSync(file, readFileSync(file).fill(0xff, 4096));
    registry = new SqliteRegistry(openDatabase(file), HOUR);
    await expect(registry.ownerOf('d1')).rejects.toMatchObject(unavailable('SQLITE_CORRUPT'));
  });
});
