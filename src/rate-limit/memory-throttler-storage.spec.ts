import { MemoryThrottlerStorage } from './memory-throttler-storage.js';

describe('counters in memory', () => {
  let storage: MemoryThrottlerStorage;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: 0 });
    storage = new MemoryThrottlerStorage();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('count within a window that starts with the first hit', async () => {
    expect(await storage.hit('a', 1_000)).toEqual({ hits: 1, resetMs: 1_000 });
    vi.setSystemTime(400);
    expect(await storage.hit('a', 1_000)).toEqual({ hits: 2, resetMs: 600 });
    expect(await storage.hit('b', 1_000)).toEqual({ hits: 1, resetMs: 1_000 });
    vi.setSystemTime(1_000);
    expect(await storage.hit('a', 1_000)).toEqual({ hits: 1, resetMs: 1_000 });
  });

  it('grant so many hits, and take them back', async () => {
    const reserve = () => storage.reserve('a', 1_000, 2);
    expect(await reserve()).toEqual({ isGranted: true, resetMs: 1_000 });
    vi.setSystemTime(400);
    expect(await reserve()).toEqual({ isGranted: true, resetMs: 600 });
    expect(await reserve()).toEqual({ isGranted: false, resetMs: 600 });
    await storage.giveBack('a');
    expect(await reserve()).toMatchObject({ isGranted: true });
    vi.setSystemTime(1_000);
    await storage.giveBack('a');
    expect(await reserve()).toEqual({ isGranted: true, resetMs: 1_000 });
    expect(await storage.hit('a', 1_000)).toMatchObject({ hits: 2 });
  });

  it('tell the guard what it asks', async () => {
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
    for (let i = 0; i < 10_000; i++) await storage.hit(`old-${i}`, 1_000);
    vi.setSystemTime(5_000);
    await storage.hit('new', 1_000);
    expect((storage as unknown as { windows: Map<string, unknown> }).windows.size).toBe(1);
  });
});
