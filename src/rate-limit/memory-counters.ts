import type { Count, Counters, Reservation } from '../config/worker-context.js';

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
 * goes through all of them on each request, and which takes no hit back.
 */
export class MemoryCounters implements Counters {
  private readonly windows = new Map<string, Window>();
  private sweptAt = 0;

  hit(key: string, windowMs: number): Promise<Count> {
    const now = Date.now();
    const window = this.windowOf(key, windowMs, now);
    window.hits += 1;
    return Promise.resolve({ hits: window.hits, resetMs: window.endsAt - now });
  }

  reserve(key: string, windowMs: number, limit: number): Promise<Reservation> {
    const now = Date.now();
    const window = this.windowOf(key, windowMs, now);
    const isGranted = window.hits < limit;
    if (isGranted) window.hits += 1;
    return Promise.resolve({ isGranted, resetMs: window.endsAt - now });
  }

  giveBack(key: string): Promise<void> {
    const window = this.windows.get(key);
    if (window && window.endsAt > Date.now() && window.hits > 0) window.hits -= 1;
    return Promise.resolve();
  }

  private windowOf(key: string, windowMs: number, now: number): Window {
    const window = this.windows.get(key);
    if (window && window.endsAt > now) return window;
    this.sweep(now);
    const opened = { hits: 0, endsAt: now + windowMs };
    this.windows.set(key, opened);
    return opened;
  }

  private sweep(now: number): void {
    if (this.windows.size < SWEEP_ABOVE || now - this.sweptAt < SWEEP_EVERY_MS) return;
    this.sweptAt = now;
    for (const [key, { endsAt }] of this.windows) if (endsAt <= now) this.windows.delete(key);
  }
}
