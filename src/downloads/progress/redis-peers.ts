import { randomUUID } from 'node:crypto';
import type { OnApplicationShutdown } from '@nestjs/common';
import { PACING, type Pacing } from '../../config/pacing.js';
import type { PeerListener, Peers } from '../../config/worker-context.js';
import { KEY_PREFIX, RedisConnection, type RedisScripts } from '../../store/redis-connection.js';

/**
 * The processes that share a Redis. A lease is a key that expires; messages go over one channel, since a process watches
 * most of what the others watch, and tells at a glance what it does not.
 */
export class RedisPeers implements Peers, OnApplicationShutdown {
  private readonly connection: RedisConnection<ScriptCommands>;
  /** Value of its leases, and sender of its messages. */
  private readonly self = randomUUID();
  private readonly channel: string;
  private isListening = false;
  private listener?: PeerListener;

  /** @throws ConfigurationError when the URL is not one of Redis */
  constructor(url: string, pacing: Pick<Pacing, 'store' | 'sharing'> = PACING) {
    const { responseMs } = pacing.sharing;
    this.connection = new RedisConnection(url, { ...pacing.store, responseMs }, SCRIPTS);
    // Unlike keys, channels are the same in all databases of a Redis.
    this.channel = `${KEY_PREFIX}progress:${new URL(url).pathname.slice(1) || '0'}`;
    const { redis } = this.connection;
    redis.on('ready', () => void this.subscribe());
    redis.on('close', () => this.lose());
    redis.on('message', (_channel, message) => this.receive(message));
  }

  async claim(leases: readonly string[], leaseMs: number): Promise<readonly number[]> {
    return this.connection.send((redis) => {
      // Without messages there is no way to follow.
      if (!this.isListening) throw new Error('not subscribed');
      return redis.claimLeases(leases.length, ...leases.map(leaseKey), this.self, leaseMs);
    });
  }

  release(leases: readonly string[]): void {
    if (!this.isListening) return;
    const { redis } = this.connection;
    redis.releaseLeases(leases.length, ...leases.map(leaseKey), this.self).catch(() => {});
  }

  publish(message: string): void {
    if (!this.isListening) return;
    this.connection.redis.publish(this.channel, `${this.self} ${message}`).catch(() => {});
  }

  listen(listener: PeerListener): void {
    this.listener = listener;
  }

  async onApplicationShutdown(): Promise<void> {
    this.listener = undefined;
    await this.connection.close();
  }

  private async subscribe(): Promise<void> {
    try {
      await this.connection.redis.subscribe(this.channel);
      this.isListening = true;
    } catch {
      // An ACL may not allow it: each process stays on its own, as with a Redis that is away.
    }
  }

  private lose(): void {
    if (!this.isListening) return;
    this.isListening = false;
    this.listener?.lose();
  }

  /** Redis sends a process its own messages, too. */
  private receive(message: string): void {
    const end = message.indexOf(' ');
    if (message.slice(0, end) !== this.self) this.listener?.receive(message.slice(end + 1));
  }
}

/** String: the process that polls for all; expires unless it is renewed. */
function leaseKey(id: string): string {
  return `${KEY_PREFIX}watched:${id}`;
}

const SCRIPTS: RedisScripts = {
  // KEYS: leases; ARGV: process, milliseconds. For each: 0 when it is its own, otherwise how long another process has it.
  claimLeases: {
    lua: `
local waits = {}
for i, key in ipairs(KEYS) do
  local holder, left = redis.call('GET', key), redis.call('PTTL', key)
  if holder and holder ~= ARGV[1] and left > 0 then
    waits[i] = left
  else
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
    waits[i] = 0
  end
end
return waits`,
  },

  // KEYS: leases; ARGV: process
  releaseLeases: {
    lua: `
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end`,
  },
};

/** The methods that ioredis defines for the scripts. */
interface ScriptCommands {
  claimLeases(keys: number, ...keysAndArguments: (string | number)[]): Promise<number[]>;
  releaseLeases(keys: number, ...keysAndArguments: string[]): Promise<null>;
}
