import type { DatabaseSync } from 'node:sqlite';
import type { Pacing } from '../../config/pacing.js';
import { SqliteConnection } from '../../store/sqlite-connection.js';
import { type TicketRecord, TicketStore } from './ticket-store.js';

/** Keeps tickets in the SQLite file that several processes of one machine share. */
export class SqliteTicketStore extends TicketStore {
  private readonly connection: SqliteConnection;
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** @param db as `openDatabase` returns it; closed by `close()` */
  constructor(db: DatabaseSync, pacing: Pacing['store']) {
    super();
    this.connection = new SqliteConnection(db, pacing);
    this.statements = prepareStatements(this.connection);
  }

  override save(hash: string, holder: string, ttlMs: number): Promise<void> {
    return this.connection.run(() => {
      const now = Date.now();
      this.statements.sweep.run({ now });
      this.statements.insert.run({ hash, holder, expiresAt: now + ttlMs });
    });
  }

  override find(hash: string): Promise<TicketRecord | undefined> {
    return this.connection.run(() => {
      const now = Date.now();
      const row = this.statements.find.get({ hash, now });
      return row && { holder: row.holder as string, remainingMs: (row.expires_at as number) - now };
    });
  }

  override renew(hash: string, ttlMs: number): Promise<void> {
    return this.connection.run(() => {
      const now = Date.now();
      this.statements.renew.run({ hash, now, expiresAt: now + ttlMs });
    });
  }

  override remove(hash: string): Promise<void> {
    return this.connection.run(() => void this.statements.remove.run({ hash }));
  }

  override async close(): Promise<void> {
    this.connection.close();
  }
}

/** A row whose `expires_at` is not after `:now` does not exist. The table is in store/sqlite-migrations.ts. */
function prepareStatements(connection: SqliteConnection) {
  return {
    insert: connection.prepare(
      'INSERT INTO tickets (hash, holder, expires_at) VALUES (:hash, :holder, :expiresAt)',
    ),
    find: connection.prepare(
      'SELECT holder, expires_at FROM tickets WHERE hash = :hash AND expires_at > :now',
    ),
    renew: connection.prepare(
      'UPDATE tickets SET expires_at = :expiresAt WHERE hash = :hash AND expires_at > :now',
    ),
    remove: connection.prepare('DELETE FROM tickets WHERE hash = :hash'),
    sweep: connection.prepareSweep('tickets', 'hash'),
  };
}
