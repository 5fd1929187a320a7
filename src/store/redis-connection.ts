import { Redis } from 'ioredis';
import { ConfigurationError } from '../config/configuration-error.js';
import { PACING } from '../config/pacing.js';
import { redisErrorName } from './redis-failure.js';
import { SCRIPTS, type ScriptedRedis } from '../downloads/registry/redis-scripts.js';

/**
 * One connection to one Redis (no cluster), which comes back by itself.
 *
 * Nothing is queued while there is none, and nothing is sent twice: what a caller was told has failed must
 * not happen a minute later.
 */
export class RedisConnection {
  readonly redis: ScriptedRedis;
  /** Settles when the first attempt to connect has ended, so that a service that has just started is not "unavailable". */
  private readonly opened: Promise<unknown>;
  private lastError = 'NOT_CONNECTED';

  /**
   * @param url `redis://` or `rediss://` (TLS), with a database number as path
   * @throws ConfigurationError when the URL is none
   */
  constructor(url: string, { answerMs, reconnectMs } = PACING.store) {
    checkUrl(url);
    this.redis = new Redis(url, {
      scripts: SCRIPTS,
      connectionName: 'alfresco-downloads-bff',
      lazyConnect: true,
      connectTimeout: answerMs,
      // A Redis that hangs does not answer a goodbye either.
      disconnectTimeout: 200,
      commandTimeout: answerMs,
      // A connection without answers is given up, for behind a dead one TCP would wait a quarter of an hour.
      socketTimeout: answerMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 50, reconnectMs),
      // After a failover the name may lead to the new primary.
      reconnectOnError: (error) => error.message.includes('READONLY'),
    }) as ScriptedRedis;
    // Without a listener ioredis prints the error, stack and all.
    this.redis.on('error', (error) => {
      this.lastError = redisErrorName(error);
    });
    this.redis.on('ready', () => {
      this.lastError = 'CONNECTION_LOST';
    });
    this.opened = Promise.race([this.redis.connect().catch(() => {}), pause(answerMs)]);
  }

  /** Why nothing can be sent now, as a short name; `undefined` when it can. */
  async obstacle(): Promise<string | undefined> {
    await this.opened;
    return this.redis.status === 'ready' ? undefined : this.lastError;
  }

  async close(): Promise<void> {
    // Waits for the answers to what has been sent.
    if (this.redis.status === 'ready') await this.redis.quit().catch(() => {});
    this.redis.disconnect();
  }
}

/** ioredis lets parameters of the URL override options, and its errors quote the URL, which may hold a password. */
function checkUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || parsed.search || !/^\/?\d*$/.test(parsed.pathname) || !isDecodable(parsed)) {
    throw new ConfigurationError([
      'STORE_URL: must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] without parameters, special characters ' +
        'of the password percent-encoded (rediss:// for TLS)',
    ]);
  }
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** Does not keep the process alive. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
