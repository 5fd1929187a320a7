import type { StoreConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import { openStore } from '../../store/open-store.js';
import { openDatabase } from '../../store/sqlite-database.js';
import type { DownloadRegistry } from './download-registry.js';
import { RedisRegistry } from './redis-registry.js';
import { SqliteRegistry } from './sqlite-registry.js';

/**
 * A Redis need not be there yet; a SQLite file is made when it does not exist.
 * @throws ConfigurationError when the URL or the file cannot be used
 */
export function openRegistry(
  { url, retentionMs }: StoreConfig,
  pacing = PACING.store,
): DownloadRegistry {
  return openStore<DownloadRegistry>(url, {
    sqlite: (path) => new SqliteRegistry(openDatabase(path, pacing), retentionMs, pacing),
    redis: (address) => new RedisRegistry(address, retentionMs, pacing),
  });
}
