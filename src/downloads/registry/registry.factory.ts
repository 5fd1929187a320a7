import type { StoreConfig } from '../../config/app.config.js';
import type { DownloadRegistry } from './download.registry.js';
import { RedisRegistry } from './redis.registry.js';
import { openDatabase } from './sqlite.database.js';
import { SqliteRegistry } from './sqlite.registry.js';

const SQLITE = 'sqlite:';

/**
 * Opens the store that the URL names. A Redis need not be there yet; a SQLite file is made when it does not exist.
 * @throws ConfigurationError when the URL or the file cannot be used
 */
export function openRegistry({ url, retentionMs }: StoreConfig): DownloadRegistry {
  return url.startsWith(SQLITE)
    ? new SqliteRegistry(openDatabase(url.slice(SQLITE.length)), retentionMs)
    : new RedisRegistry(url, retentionMs);
}
