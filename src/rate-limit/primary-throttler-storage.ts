import type { Count, Counters, Reservation } from '../config/worker-context.js';
import { type RateLimitStorage, toThrottlerRecord } from './rate-limit-storage.js';

/** Counters that all workers of this machine share: their primary keeps them. */
export class PrimaryThrottlerStorage implements RateLimitStorage {
  constructor(private readonly counters: Counters) {}

  async increment(key: string, ttl: number, limit: number) {
    return toThrottlerRecord(await this.hit(key, ttl), limit);
  }

  hit(key: string, windowMs: number): Promise<Count> {
    return this.counters.hit(key, windowMs);
  }

  reserve(key: string, windowMs: number, limit: number): Promise<Reservation> {
    return this.counters.reserve(key, windowMs, limit);
  }

  giveBack(key: string): Promise<void> {
    return this.counters.giveBack(key);
  }
}
