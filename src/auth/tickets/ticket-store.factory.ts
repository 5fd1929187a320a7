import type { StoreConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import { openDatabase } from '../../store/sqlite-database.js';
import { RedisTicketStore } from './redis-ticket-store.js';
import { SqliteTicketStore } from './sqlite-ticket-store.js';
import type { TicketStore } from './ticket-store.js';

const SQLITE = 'sqlite:';

/** Opens the store that the URL names. @throws ConfigurationError when the URL or the file cannot be used */
export function openTicketStore(
  { url }: Pick<StoreConfig, 'url'>,
  pacing = PACING.store,
): TicketStore {
  return url.startsWith(SQLITE)
    ? new SqliteTicketStore(openDatabase(url.slice(SQLITE.length), pacing), pacing)
    : new RedisTicketStore(url, pacing);
}
