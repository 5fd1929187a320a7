import type { StoreConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import { openStore } from '../../store/open-store.js';
import { openDatabase } from '../../store/sqlite-database.js';
import { RedisSessionStore } from './redis-session-store.js';
import type { SessionStore } from './session-store.js';
import { SqliteSessionStore } from './sqlite-session-store.js';

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
