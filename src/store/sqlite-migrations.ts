import type { DatabaseSync } from 'node:sqlite';
import { ConfigurationError } from '../config/app-config.js';

/**
 * Each takes the schema from the version before to its own; a released one is never changed. Those of all tables are
 * here, since a file has one version.
 */
export const MIGRATIONS: readonly string[] = [
  // The index holds all that a page needs, so that listing reads no row.
  `CREATE TABLE downloads (
     id TEXT PRIMARY KEY,
     owner TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX downloads_by_owner ON downloads (owner, created_at, id, expires_at);
   CREATE INDEX downloads_by_expiry ON downloads (expires_at);`,

  `CREATE TABLE requests (
     owner TEXT NOT NULL,
     key TEXT NOT NULL,
     fingerprint TEXT NOT NULL,
     token TEXT NOT NULL,
     download_id TEXT,
     expires_at INTEGER NOT NULL,
     PRIMARY KEY (owner, key)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX requests_by_expiry ON requests (expires_at);`,

  `CREATE TABLE tickets (
     hash TEXT PRIMARY KEY,
     holder TEXT NOT NULL,
     expires_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX tickets_by_expiry ON tickets (expires_at);`,

  `CREATE TABLE sessions (
     id TEXT PRIMARY KEY,
     subject TEXT NOT NULL,
     provider_session TEXT,
     sealed TEXT NOT NULL,
     revision INTEGER NOT NULL,
     refresh_until INTEGER NOT NULL,
     ends_at INTEGER NOT NULL,
     expires_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX sessions_by_subject ON sessions (subject);
   CREATE INDEX sessions_by_provider_session ON sessions (provider_session);
   CREATE INDEX sessions_by_expiry ON sessions (expires_at);`,

  `ALTER TABLE sessions ADD COLUMN issued_at INTEGER NOT NULL DEFAULT 0`,
];

/**
 * Brings the schema up to date.
 * @throws ConfigurationError when the schema is newer than this version of the service
 */
export function migrate(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  // Locks before the version is read: of two processes that start together, the second finds the work done.
  db.exec('BEGIN IMMEDIATE');
  try {
    const version = db.prepare('PRAGMA user_version').get()!.user_version as number;
    if (version > migrations.length) {
      throw new ConfigurationError([
        `STORE_URL: the database was written by a newer version of this service (its schema is ${version}, ` +
          `the newest that this version knows is ${migrations.length})`,
      ]);
    }
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
