import type { DatabaseSync } from 'node:sqlite';
import type { Pacing } from '../../config/pacing.js';
import { SqliteConnection } from '../../store/sqlite-connection.js';
import { type SessionRecord, type SessionSelector, SessionStore } from './session-store.js';

/** Keeps sessions in the SQLite file that several processes of one machine share. */
export class SqliteSessionStore extends SessionStore {
  private readonly connection: SqliteConnection;
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** @param db as `openDatabase` returns it; closed by `close()` */
  constructor(db: DatabaseSync, pacing: Pacing['store']) {
    super();
    this.connection = new SqliteConnection(db, pacing);
    this.statements = prepareStatements(this.connection);
  }

  override add(session: SessionRecord): Promise<void> {
    const { idleEndsAt, providerSession = null, ...rest } = session;
    const expiresAt = Math.min(idleEndsAt, session.endsAt);
    return this.connection.write(
      () => void this.statements.insert.run({ ...rest, providerSession, expiresAt }),
    );
  }

  override find(id: string): Promise<SessionRecord | undefined> {
    return this.connection.run(() => {
      const row = this.statements.find.get({ id, now: Date.now() });
      return row && toRecord(row as unknown as Row);
    });
  }

  override newestOf(subject: string): Promise<SessionRecord | undefined> {
    return this.connection.run(() => {
      const row = this.statements.newest.get({ subject, now: Date.now() });
      return row && toRecord(row as unknown as Row);
    });
  }

  override extend(id: string, idleEndsAt: number): Promise<void> {
    return this.connection.write(
      () => void this.statements.extend.run({ id, idleEndsAt, now: Date.now() }),
    );
  }

  override claimRefresh(id: string, revision: number, leaseMs: number): Promise<boolean> {
    const now = Date.now();
    return this.connection.write(
      () => this.statements.claim.run({ id, revision, now, until: now + leaseMs }).changes === 1,
    );
  }

  override releaseRefresh(id: string, revision: number): Promise<void> {
    return this.connection.write(() => void this.statements.release.run({ id, revision }));
  }

  override replace(id: string, revision: number, sealed: string): Promise<boolean> {
    const now = Date.now();
    return this.connection.write(
      () => this.statements.replace.run({ id, revision, sealed, now }).changes === 1,
    );
  }

  override remove(selector: SessionSelector): Promise<number> {
    const now = Date.now();
    const { remove, removeOfSubject, removeOfProvider } = this.statements;
    return this.connection.write(() => {
      if ('id' in selector) return Number(remove.run({ id: selector.id, now }).changes);
      const { changes } =
        'providerSession' in selector
          ? removeOfProvider.run({ ...selector, subject: selector.subject ?? null, now })
          : removeOfSubject.run({ ...selector, now });
      return Number(changes);
    });
  }

  override async sweep(): Promise<number> {
    let swept = 0;
    for (;;) {
      const { changes } = await this.connection.write(() =>
        this.statements.sweep.run({ now: Date.now() }),
      );
      if (changes === 0) return swept;
      swept += Number(changes);
    }
  }

  override async close(): Promise<void> {
    this.connection.close();
  }
}

interface Row {
  readonly id: string;
  readonly subject: string;
  readonly provider_session: string | null;
  readonly issued_at: number;
  readonly sealed: string;
  readonly revision: number;
  readonly ends_at: number;
  readonly expires_at: number;
}

function toRecord(row: Row): SessionRecord {
  return {
    id: row.id,
    subject: row.subject,
    providerSession: row.provider_session ?? undefined,
    issuedAt: row.issued_at,
    sealed: row.sealed,
    revision: row.revision,
    idleEndsAt: row.expires_at,
    endsAt: row.ends_at,
  };
}

/** A row whose `expires_at` is not after `:now` does not exist. The table is in store/sqlite-migrations.ts. */
function prepareStatements(connection: SqliteConnection) {
  return {
    insert: connection.prepare(
      `INSERT INTO sessions (id, subject, provider_session, issued_at, sealed, revision, refresh_until, ends_at, expires_at)
       VALUES (:id, :subject, :providerSession, :issuedAt, :sealed, :revision, 0, :endsAt, :expiresAt)`,
    ),
    find: connection.prepare(
      `SELECT id, subject, provider_session, issued_at, sealed, revision, ends_at, expires_at
       FROM sessions WHERE id = :id AND expires_at > :now`,
    ),
    newest: connection.prepare(
      `SELECT id, subject, provider_session, issued_at, sealed, revision, ends_at, expires_at
       FROM sessions WHERE subject = :subject AND expires_at > :now ORDER BY ends_at DESC LIMIT 1`,
    ),
    extend: connection.prepare(
      'UPDATE sessions SET expires_at = MIN(:idleEndsAt, ends_at) WHERE id = :id AND expires_at > :now',
    ),
    claim: connection.prepare(
      `UPDATE sessions SET refresh_until = :until
       WHERE id = :id AND revision = :revision AND refresh_until <= :now AND expires_at > :now`,
    ),
    release: connection.prepare(
      'UPDATE sessions SET refresh_until = 0 WHERE id = :id AND revision = :revision',
    ),
    replace: connection.prepare(
      `UPDATE sessions SET sealed = :sealed, revision = revision + 1, refresh_until = 0
       WHERE id = :id AND revision = :revision AND expires_at > :now`,
    ),
    remove: connection.prepare('DELETE FROM sessions WHERE id = :id AND expires_at > :now'),
    removeOfSubject: connection.prepare(
      `DELETE FROM sessions
       WHERE subject = :subject AND issued_at <= :issuedUntil AND expires_at > :now`,
    ),
    removeOfProvider: connection.prepare(
      `DELETE FROM sessions
       WHERE provider_session = :providerSession AND subject = COALESCE(:subject, subject)
         AND issued_at <= :issuedUntil AND expires_at > :now`,
    ),
    sweep: connection.prepareSweep('sessions', 'id'),
  };
}
