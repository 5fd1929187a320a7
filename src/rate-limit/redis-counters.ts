import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Pacing } from '../config/pacing.js';
import type { Count, Counters, Reservation } from '../config/worker-context.js';
import { KEY_PREFIX } from '../store/redis-connection.js';
import { MemoryCounters } from './memory-counters.js';

const WARN_EVERY_MS = 60_000;
const PREFIX = `${KEY_PREFIX}limit:`;

/** A counter without an expiry would block its caller for ever, hence the second condition. */
const HIT = `
local hits = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if hits == 1 or left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {hits, left}`;

const RESERVE = `
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[1])
  return {1, tonumber(ARGV[1])}
end
if tonumber(redis.call('GET', KEYS[1])) >= tonumber(ARGV[2]) then return {0, left} end
redis.call('INCR', KEYS[1])
return {1, left}`;

/** A counter that has expired must not come back without an expiry. */
const GIVE_BACK = `
if redis.call('PTTL', KEYS[1]) > 0 and tonumber(redis.call('GET', KEYS[1])) > 0 then
  redis.call('DECR', KEYS[1])
end`;

/**
 * Counters that several processes and machines share. While Redis is away, each process counts for itself.
 *
 * Written here because the community's package, `@nest-lab/throttler-storage-redis`, does not accept NestJS 12.
 */
export class RedisCounters implements Counters, OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('RateLimit');
  private readonly memory = new MemoryCounters();
  private readonly redis: Redis;
  private pausedUntil = 0;
  private nextWarningAt = 0;

  constructor(
    url: string,
    private readonly pacing: Pacing['limits'],
  ) {
    const { connectMs, responseMs, reconnectMs } = pacing;
    this.redis = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: connectMs,
      // A command without a response in this time is counted here.
      commandTimeout: responseMs,
      retryStrategy: (attempt) => Math.min(attempt * 100, reconnectMs),
    });
    // Without a listener, ioredis prints every failed attempt to connect.
    this.redis.on('error', () => {});
    this.redis.on('ready', () => this.logger.log('Redis counts requests.'));
    this.redis.on('close', () => this.warn('the connection is closed'));
  }

  /** Waits for the connection, but a Redis that is away does not keep the service from starting. */
  async onModuleInit(): Promise<void> {
    const connected = this.redis.connect().catch(() => {});
    await Promise.race([connected, sleep(this.pacing.connectMs, undefined, { ref: false })]);
  }

  hit(key: string, windowMs: number): Promise<Count> {
    return this.withFallback(
      async () => {
        const [hits, left] = await this.eval(HIT, key, windowMs);
        return { hits, resetMs: Math.max(0, left) };
      },
      () => this.memory.hit(key, windowMs),
    );
  }

  reserve(key: string, windowMs: number, limit: number): Promise<Reservation> {
    return this.withFallback(
      async () => {
        const [granted, resetMs] = await this.eval(RESERVE, key, windowMs, limit);
        return { isGranted: granted === 1, resetMs };
      },
      () => this.memory.reserve(key, windowMs, limit),
    );
  }

  giveBack(key: string): Promise<void> {
    return this.withFallback(
      () => this.redis.eval(GIVE_BACK, 1, PREFIX + key) as Promise<void>,
      () => this.memory.giveBack(key),
    );
  }

  onApplicationShutdown(): void {
    this.redis.removeAllListeners('close');
    this.redis.disconnect();
  }

  private eval(script: string, key: string, ...values: number[]): Promise<[number, number]> {
    return this.redis.eval(script, 1, PREFIX + key, ...values) as Promise<[number, number]>;
  }

  private async withFallback<T>(ask: () => Promise<T>, instead: () => Promise<T>): Promise<T> {
    if (this.redis.status !== 'ready' || Date.now() < this.pausedUntil) return instead();
    try {
      return await ask();
    } catch (error) {
      this.pausedUntil = Date.now() + this.pacing.pauseMs;
      this.warn(error instanceof Error ? error.message : 'unknown error');
      return instead();
    }
  }

  private warn(reason: string): void {
    if (Date.now() < this.nextWarningAt) return;
    this.nextWarningAt = Date.now() + WARN_EVERY_MS;
    this.logger.warn(`Redis does not count requests, this process does: ${reason}`);
  }
}
