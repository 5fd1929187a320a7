import type { RateLimitConfig } from '../config/app-config.js';
import { MemoryCounters } from './memory-counters.js';
import { throttlerOptions } from './rate-limits.js';

describe('counters in memory', () => {
  let counters: MemoryCounters;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: 0 });
    counters = new MemoryCounters();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('count within a window that starts with the first hit', async () => {
    expect(await counters.hit('a', 1_000)).toEqual({ hits: 1, resetMs: 1_000 });
    vi.setSystemTime(400);
    expect(await counters.hit('a', 1_000)).toEqual({ hits: 2, resetMs: 600 });
    expect(await counters.hit('b', 1_000)).toEqual({ hits: 1, resetMs: 1_000 });
    vi.setSystemTime(1_000);
    expect(await counters.hit('a', 1_000)).toEqual({ hits: 1, resetMs: 1_000 });
  });

  it('grant so many hits, and take them back', async () => {
    const reserve = () => counters.reserve('a', 1_000, 2);
    expect(await reserve()).toEqual({ isGranted: true, resetMs: 1_000 });
    vi.setSystemTime(400);
    expect(await reserve()).toEqual({ isGranted: true, resetMs: 600 });
    expect(await reserve()).toEqual({ isGranted: false, resetMs: 600 });
    await counters.giveBack('a');
    expect(await reserve()).toMatchObject({ isGranted: true });
    vi.setSystemTime(1_000);
    await counters.giveBack('a');
    expect(await reserve()).toEqual({ isGranted: true, resetMs: 1_000 });
    expect(await counters.hit('a', 1_000)).toMatchObject({ hits: 2 });
  });

  it('are what the guard of @nestjs/throttler expects', async () => {
    const { storage } = throttlerOptions({} as RateLimitConfig, counters);
    for (const totalHits of [1, 2, 3]) {
      expect(await storage.increment('a', 1_500, 2)).toEqual({
        totalHits,
        timeToExpire: 2,
        isBlocked: totalHits > 2,
        timeToBlockExpire: 2,
      });
    }
  });

  it('are dropped when they are over and many', async () => {
    for (let i = 0; i < 10_000; i++) await counters.hit(`old-${i}`, 1_000);
    vi.setSystemTime(5_000);
    await counters.hit('new', 1_000);
    expect((counters as unknown as { windows: Map<string, unknown> }).windows.size).toBe(1);
  });
});
