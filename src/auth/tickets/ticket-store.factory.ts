import type { StoreConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import { openStore } from '../../store/open-store.js';
import { openDatabase } from '../../store/sqlite-database.js';
import { RedisTicketStore } from './redis-ticket-store.js';
import { SqliteTicketStore } from './sqlite-ticket-store.js';
import type { TicketStore } from './ticket-store.js';

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
