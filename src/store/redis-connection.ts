import { setTimeout as delay } from 'node:timers/promises';
import { Redis, ReplyError, type RedisOptions } from 'ioredis';
import { ConfigurationError } from '../config/app-config.js';
import { PACING } from '../config/pacing.js';
import { ProblemException } from '../problems/problem.exception.js';
import { UnsettledWrites } from './unsettled-writes.js';

/** Of every key, so that a Redis may be shared and an ACL can name them. */
export const KEY_PREFIX = 'alfresco-downloads:';

/** Lua scripts by the name of the method that ioredis defines for each. */
export type RedisScripts = NonNullable<RedisOptions['scripts']>;

/**
 * One connection to one Redis (no cluster), which comes back by itself.
 *
 * Nothing is queued while there is none, and nothing is sent twice: a command that was reported as failed must not take
 * effect a minute later. A write without a response may have taken effect, or still will when a stopped
 * Redis goes on; it is taken back as soon as Redis responds again.
 */
export class RedisConnection<Commands = unknown> {
  readonly redis: Redis & Commands;
  private readonly unsettled: UnsettledWrites;
  /** Settles when the first attempt to connect has ended, so that a service that has just started is not "unavailable". */
  private readonly opened: Promise<unknown>;
  private lastError = 'NOT_CONNECTED';

  /**
   * @param url `redis://` or `rediss://` (TLS), with a database number as path
   * @param scripts those of the methods in `Commands`
   * @throws ConfigurationError when it is not such a URL
   */
  constructor(url: string, pacing = PACING.store, scripts: RedisScripts = {}) {
    checkUrl(url);
    const { responseMs, reconnectMs } = pacing;
    this.unsettled = new UnsettledWrites(pacing);
    this.redis = new Redis(url, {
      scripts,
      connectionName: 'alfresco-downloads-bff',
      lazyConnect: true,
      connectTimeout: responseMs,
      // A Redis that hangs does not respond to QUIT either.
      disconnectTimeout: 200,
      commandTimeout: responseMs,
      // A connection without responses is given up, for behind a dead one TCP would wait a quarter of an hour.
      socketTimeout: responseMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 50, reconnectMs),
      // After a failover the name may lead to the new primary.
      reconnectOnError: (error) => error.message.includes('READONLY'),
    }) as Redis & Commands;
    // Without a listener ioredis prints the error, stack and all.
    this.redis.on('error', (error) => {
      this.lastError = errorName(error);
    });
    this.redis.on('ready', () => {
      this.lastError = 'CONNECTION_LOST';
      void this.unsettled.settle();
    });
    const connected = this.redis.connect().catch(() => {});
    this.opened = Promise.race([connected, delay(responseMs, undefined, { ref: false })]);
  }

  /**
   * @param undo takes the command back if it is not known whether it happened
   * @throws ProblemException STORE_UNAVAILABLE
   */
  async send<T>(
    command: (redis: Redis & Commands) => Promise<T>,
    undo?: () => Promise<unknown>,
  ): Promise<T> {
    await this.opened;
    if (this.redis.status !== 'ready') throw unavailable(this.lastError);
    try {
      return await command(this.redis);
    } catch (error) {
      // What Redis has refused has not happened.
      if (undo && !isRefusal(error)) this.undoLater(undo);
      throw unavailable(errorName(error));
    }
  }

  /** @param undo runs when Redis responds again, perhaps several times; throws when it has to be tried again */
  undoLater(undo: () => Promise<unknown>): void {
    this.unsettled.add(undo);
  }

  async close(): Promise<void> {
    await this.unsettled.close();
    // Waits for the responses to what has been sent.
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

function isRefusal(error: unknown): boolean {
  return error instanceof (ReplyError as typeof Error);
}

/**
 * A short name for the log, e.g. `OOM`, `READONLY`, `ECONNREFUSED`. The error itself is dropped: ioredis
 * attaches the command with its arguments to it, and messages name hosts.
 */
function errorName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (isRefusal(error)) return /^[A-Z]+/.exec(error.message)?.[0] ?? 'ERR';
  if (/^(?:Command timed out|Socket timeout)/.test(error.message)) return 'TIMEOUT';
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'CONNECTION_LOST';
}

function unavailable(reason: string): ProblemException {
  return new ProblemException('STORE_UNAVAILABLE', { diagnosis: `REDIS_${reason}` });
}
