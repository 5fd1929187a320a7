import type { ThrottlerStorage } from '@nestjs/throttler';

/** What a counter stands at. */
export interface Count {
  readonly hits: number;
  /** Milliseconds until it starts again from zero. */
  readonly resetMs: number;
}

/** Whether a hit was counted, and until when the counter counts. */
export interface Reservation {
  readonly isGranted: boolean;
  /** Milliseconds until it starts again from zero. */
  readonly resetMs: number;
}

/** Counters that live for one window, which starts with their first hit. */
export interface RateLimitStorage extends ThrottlerStorage {
  /** Counts one hit. */
  hit(key: string, windowMs: number): Promise<Count>;
  /** Counts one hit, unless there have been `limit` already. */
  reserve(key: string, windowMs: number, limit: number): Promise<Reservation>;
  /** Takes a hit back, if the window is not over. */
  giveBack(key: string): Promise<void>;
}

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
