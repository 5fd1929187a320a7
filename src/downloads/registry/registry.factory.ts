import type { StoreConfig } from '../../config/app-config.js';
import { PACING } from '../../config/pacing.js';
import type { DownloadRegistry } from './download-registry.js';
import { RedisRegistry } from './redis-registry.js';
import { openDatabase } from '../../store/sqlite-database.js';
import { SqliteRegistry } from './sqlite-registry.js';

const SQLITE = 'sqlite:';

/**
 * Opens the store that the URL names. A Redis need not be there yet; a SQLite file is made when it does not exist.
 * @throws ConfigurationError when the URL or the file cannot be used
 */
export function openRegistry(
  { url, retentionMs }: StoreConfig,
  pacing = PACING.store,
): DownloadRegistry {
  return url.startsWith(SQLITE)
    ? new SqliteRegistry(openDatabase(url.slice(SQLITE.length), pacing), retentionMs, pacing)
    : new RedisRegistry(url, retentionMs, pacing);
}
