import { hash } from 'node:crypto';
import type { StoreConfig } from '../config/app-config.js';
import { PACING } from '../config/pacing.js';
import { openStore } from '../store/open-store.js';
import { openDatabase } from '../store/sqlite-database.js';
import { RedisSessionStore } from './session/redis-session-store.js';
import type { SessionStore } from './session/session-store.js';
import { SqliteSessionStore } from './session/sqlite-session-store.js';
import { RedisTicketStore } from './tickets/redis-ticket-store.js';
import { SqliteTicketStore } from './tickets/sqlite-ticket-store.js';
import type { TicketStore } from './tickets/ticket-store.js';

/** @throws ConfigurationError when the URL or the file cannot be used */
export function openSessionStore(
  { url }: Pick<StoreConfig, 'url'>,
  pacing = PACING.store,
): SessionStore {
  return openStore<SessionStore>(url, {
    sqlite: (path) => new SqliteSessionStore(openDatabase(path, pacing), pacing),
    redis: (address) => new RedisSessionStore(address, pacing),
  });
}

/** @throws ConfigurationError when the URL or the file cannot be used */
export function openTicketStore(
  { url }: Pick<StoreConfig, 'url'>,
  pacing = PACING.store,
): TicketStore {
  return openStore<TicketStore>(url, {
    sqlite: (path) => new SqliteTicketStore(openDatabase(path, pacing), pacing),
    redis: (address) => new RedisTicketStore(address, pacing),
  });
}

/** What is stored of an id, a ticket or a password, so that nobody can log in with what is read from the store. */
export function hashForStore(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
