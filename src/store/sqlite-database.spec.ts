import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { HOUR, NOON, recordOf, REQUEST } from '../downloads/registry/samples.fixture.js';
import { openDatabase } from './sqlite-database.js';
import { migrate, MIGRATIONS } from './sqlite-migrations.js';
import { SqliteRegistry } from '../downloads/registry/sqlite-registry.js';

let directory: string;
let file: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'registry-sqlite-'));
  file = join(directory, 'downloads.db');
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('the SQLite file', () => {
  it('is made with its directory, and only its owner can read it', async () => {
    file = join(directory, 'new', 'data', 'downloads.db');
    const registry = new SqliteRegistry(openDatabase(file), HOUR);
    await registry.add(recordOf('d1'));
    expect(['', '-wal', '-shm'].map((end) => modeOf(file + end))).toEqual([0o600, 0o600, 0o600]);
    expect(modeOf(join(directory, 'new'))).toBe(0o700);
    await registry.close();
  });

  it('keeps the mode that an operator has given it', () => {
    writeFileSync(file, '', { mode: 0o640 });
    openDatabase(file).close();
    expect(modeOf(file)).toBe(0o640);
  });

  it.each([
    ['relative', (target: string) => `./${target}`],
    ['absolute', (target: string) => join(directory, target)],
  ])(
    'is for its owner alone behind a symbolic link to a file that does not exist: %s',
    (_how, to) => {
      symlinkSync(to('second'), file);
      symlinkSync(to('target.db'), join(directory, 'second'));
      const db = openDatabase(file);
      db.exec('CREATE TABLE IF NOT EXISTS t (x)');
      const target = join(directory, 'target.db');
      expect(['', '-wal', '-shm'].map((end) => modeOf(target + end))).toEqual([
        0o600, 0o600, 0o600,
      ]);
      db.close();
    },
  );

  it('may have a name that SQLite would read as a URI', () => {
    file = join(directory, 'file:downloads.db?mode=memory');
    openDatabase(file).close();
    expect(existsSync(file)).toBe(true);
  });

  it('is synced to the disk at every commit', () => {
    const db = openDatabase(file);
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    // 2 is FULL.
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    db.close();
  });

  it.each([
    ['is no database', () => writeFileSync(file, 'no database'.repeat(1000)), 'SQLITE_NOTADB'],
    ['is a directory', () => mkdirSync(file), 'SQLITE_CANTOPEN'],
    [
      'is inside a file',
      () => {
        writeFileSync(file, '');
        file = join(file, 'sub', 'downloads.db');
      },
      'ENOTDIR',
    ],
  ])('is refused at the start when it %s, without saying where', (_what, spoil, reason) => {
    spoil();
    expect(() => openDatabase(file)).toThrow(`STORE_URL: the SQLite file cannot be`);
    expect(() => openDatabase(file)).toThrow(reason);
    expect(() => openDatabase(file)).not.toThrow(directory);
  });
});

describe('the schema', () => {
  it('is brought up to date from the first version, with the rows that are there', async () => {
    const old = new DatabaseSync(file);
    migrate(old, MIGRATIONS.slice(0, 1));
    const insert = old.prepare('INSERT INTO downloads VALUES (?, ?, ?, ?)');
    insert.run('d1', 'basic:alice', NOON, Date.now() + HOUR);
    expect(old.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    old.close();
    const registry = new SqliteRegistry(openDatabase(file), HOUR);
    await expect(registry.ownerOf('d1')).resolves.toBe('basic:alice');
    await expect(registry.claim(REQUEST, 1000)).resolves.toMatchObject({ state: 'claimed' });
    await registry.close();
  });

  it('is refused when a newer version of the service has made it, and is left as it is', () => {
    const newer = new DatabaseSync(file);
    newer.exec('CREATE TABLE from_the_future (id TEXT); PRAGMA user_version = 99');
    newer.close();
    expect(() => openDatabase(file)).toThrow(
      'STORE_URL: the database was written by a newer version of this service (its schema is 99',
    );
    const after = new DatabaseSync(file);
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([
      { name: 'from_the_future' },
    ]);
    after.close();
  });

  it('is left at the version before when a migration fails half-way', () => {
    const db = openDatabase(file);
    const half = [...MIGRATIONS, 'CREATE TABLE half (id TEXT); CREATE TABLE downloads (id TEXT)'];
    expect(() => migrate(db, half)).toThrow('already exists');
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: MIGRATIONS.length });
    expect(db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'half'`).get()).toBeUndefined();
    db.close();
  });
});
