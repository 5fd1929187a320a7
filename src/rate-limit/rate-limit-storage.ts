import type { ThrottlerStorage } from '@nestjs/throttler';
import type { Count, Counters } from '../config/worker-context.js';

/** Counters, for `@nestjs/throttler` and for the limits that it does not know. */
export interface RateLimitStorage extends Counters, ThrottlerStorage {}

/** What `@nestjs/throttler` wants to know of a counter; being blocked ends with the window. */
export function toThrottlerRecord({ hits, resetMs }: Count, limit: number) {
  const seconds = Math.ceil(resetMs / 1000);
  return {
    totalHits: hits,
    timeToExpire: seconds,
    isBlocked: hits > limit,
    timeToBlockExpire: seconds,
  };
}
