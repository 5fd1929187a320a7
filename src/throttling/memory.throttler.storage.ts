import { type Count, type RateLimitStorage, toThrottlerRecord } from './rate-limit.storage.js';

/** Beyond this many counters, those whose window is over are dropped; once a second at most. */
const SWEEP_ABOVE = 10_000;
const SWEEP_EVERY_MS = 1_000;

interface Window {
  hits: number;
  readonly endsAt: number;
}

/**
 * Counters of this process.
 *
 * Instead of the `ThrottlerStorageService` of `@nestjs/throttler`, which keeps the time of every single hit and
 * goes through all of them on each request, and which cannot be asked without counting.
 */
export class MemoryThrottlerStorage implements RateLimitStorage {
  private readonly windows = new Map<string, Window>();
  private sweptAt = 0;

  async increment(key: string, ttl: number, limit: number) {
    return toThrottlerRecord(await this.hit(key, ttl), limit);
  }

  hit(key: string, windowMs: number): Promise<Count> {
    const now = Date.now();
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      this.sweep(now);
      this.windows.set(key, (window = { hits: 0, endsAt: now + windowMs }));
    }
    window.hits += 1;
    return Promise.resolve({ hits: window.hits, resetMs: window.endsAt - now });
  }

  peek(key: string): Promise<Count> {
    const now = Date.now();
    const window = this.windows.get(key);
    const isOver = !window || window.endsAt <= now;
    return Promise.resolve(
      isOver ? { hits: 0, resetMs: 0 } : { hits: window.hits, resetMs: window.endsAt - now },
    );
  }

  private sweep(now: number): void {
    if (this.windows.size < SWEEP_ABOVE || now - this.sweptAt < SWEEP_EVERY_MS) return;
    this.sweptAt = now;
    for (const [key, { endsAt }] of this.windows) if (endsAt <= now) this.windows.delete(key);
  }
}
