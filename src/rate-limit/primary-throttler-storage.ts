import type { Primary } from '../cluster/primary-channel.js';
import {
  type Count,
  type RateLimitStorage,
  type Reservation,
  toThrottlerRecord,
} from './rate-limit-storage.js';

/** Counters that all workers of this machine share: their primary keeps them. */
export class PrimaryThrottlerStorage implements RateLimitStorage {
  constructor(private readonly primary: Primary) {}

  async increment(key: string, ttl: number, limit: number) {
    return toThrottlerRecord(await this.hit(key, ttl), limit);
  }

  hit(key: string, windowMs: number): Promise<Count> {
    return this.primary.call('hit', key, windowMs);
  }

  reserve(key: string, windowMs: number, limit: number): Promise<Reservation> {
    return this.primary.call('reserve', key, windowMs, limit);
  }

  giveBack(key: string): Promise<void> {
    return this.primary.call('giveBack', key);
  }
}
