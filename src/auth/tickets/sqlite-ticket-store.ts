import type { DatabaseSync } from 'node:sqlite';
import type { Pacing } from '../../config/pacing.js';
import { unlessBusy } from '../../store/retry-while-busy.js';
import { type TicketRecord, TicketStore } from './ticket-store.js';

/** Ended rows that one login deletes at most; more than it adds, so that they do not pile up. */
const SWEEP = 100;

/** Keeps tickets in the SQLite file that several processes of one machine share. */
export class SqliteTicketStore extends TicketStore {
  private readonly statements: ReturnType<typeof prepareStatements>;

  /** @param db as `openDatabase` returns it; closed by `close()` */
  constructor(
    private readonly db: DatabaseSync,
    private readonly pacing: Pacing['store'],
  ) {
    super();
    this.statements = prepareStatements(db);
  }

  override save(hash: string, holder: string, ttlMs: number): Promise<void> {
    return this.unlessBusy(() => {
      const now = Date.now();
      this.statements.sweep.run({ now });
      this.statements.insert.run({ hash, holder, expiresAt: now + ttlMs });
    });
  }

  override find(hash: string): Promise<TicketRecord | undefined> {
    return this.unlessBusy(() => {
      const now = Date.now();
      const row = this.statements.find.get({ hash, now });
      return row && { holder: row.holder as string, remainingMs: (row.expires_at as number) - now };
    });
  }

  override renew(hash: string, ttlMs: number): Promise<void> {
    return this.unlessBusy(() => {
      const now = Date.now();
      this.statements.renew.run({ hash, now, expiresAt: now + ttlMs });
    });
  }

  override remove(hash: string): Promise<void> {
    return this.unlessBusy(() => void this.statements.remove.run({ hash }));
  }

  override async close(): Promise<void> {
    if (this.db.isOpen) this.db.close();
  }

  private unlessBusy<T>(work: () => T): Promise<T> {
    return unlessBusy(work, performance.now() + this.pacing.lockMs);
  }
}

/** A row whose `expires_at` is not after `:now` does not exist. */
function prepareStatements(db: DatabaseSync) {
  return {
    insert: db.prepare(
      'INSERT INTO tickets (hash, holder, expires_at) VALUES (:hash, :holder, :expiresAt)',
    ),
    find: db.prepare(
      'SELECT holder, expires_at FROM tickets WHERE hash = :hash AND expires_at > :now',
    ),
    renew: db.prepare(
      'UPDATE tickets SET expires_at = :expiresAt WHERE hash = :hash AND expires_at > :now',
    ),
    remove: db.prepare('DELETE FROM tickets WHERE hash = :hash'),
    sweep: db.prepare(
      `DELETE FROM tickets WHERE hash IN
       (SELECT hash FROM tickets WHERE expires_at <= :now LIMIT ${SWEEP})`,
    ),
  };
}
