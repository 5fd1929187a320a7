import { getEventListeners } from 'node:events';
import { seededRandom } from '../../seeded-random.fixture.js';
import { ContentPlaces, type Release } from './content.places.js';

const WAIT_MS = 1000;
const STAYS = new AbortController().signal;

const places = (maxConnections: number) =>
  new ContentPlaces({ maxConnections, timeoutMs: WAIT_MS });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('places for content', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 3],
    [128, 96],
  ])('of %i connections are %i', (connections, size) => {
    expect(places(connections).size).toBe(size);
  });

  it('are given to those who wait in the order in which they came', async () => {
    const two = places(3);
    const [first, second] = [await two.take(STAYS), await two.take(STAYS)];
    const order: string[] = [];
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const release = await two.take(STAYS);
      order.push(name);
      return release;
    });
    expect(two.waiting).toBe(3);
    second();
    const releaseA = await waiting[0]!;
    expect(order).toEqual(['a']);
    first();
    releaseA();
    const releases = await Promise.all(waiting);
    expect(order).toEqual(['a', 'b', 'c']);
    for (const release of releases) release();
    expect(two).toMatchObject({ held: 0, waiting: 0 });
  });

  it('are refused after a while, with the time to come back', async () => {
    const one = places(1);
    const release = await one.take(STAYS);
    const late = one.take(STAYS).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(WAIT_MS - 1);
    expect(one.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await late).toMatchObject({
      code: 'ALFRESCO_UNAVAILABLE',
      headers: { 'retry-after': '5' },
    });
    expect(one.waiting).toBe(0);
    release();
    (await one.take(STAYS))();
    expect(one.held).toBe(0);
  });

  it('are not taken by a caller who has left', async () => {
    const one = places(1);
    const caller = new AbortController();
    const release = await one.take(STAYS);
    const waiting = one.take(caller.signal);
    caller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    await expect(one.take(caller.signal)).rejects.toThrow('left');
    expect(one.waiting).toBe(0);
    release();
    expect(one.held).toBe(0);
  });

  it('are given back once, however often that is said', async () => {
    const two = places(3);
    const release = await two.take(STAYS);
    await two.take(STAYS).then((other) => {
      release();
      release();
      expect(two.held).toBe(1);
      other();
    });
    expect(two.held).toBe(0);
  });

  it('are never lost and never too many, whatever callers do', async () => {
    const random = seededRandom();
    const some = places(8);
    const held = new Set<Release>();
    const callers = new Set<AbortController>();
    let taken = 0;
    for (let step = 0; step < 20_000; step += 1) {
      const dice = random();
      if (dice < 0.45) {
        const caller = new AbortController();
        callers.add(caller);
        void some.take(caller.signal).then(
          (release) => {
            taken += 1;
            callers.delete(caller);
            held.add(release);
            expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
          },
          () => callers.delete(caller),
        );
      } else if (dice < 0.7) {
        const [release] = held;
        if (release) held.delete(release);
        release?.();
      } else if (dice < 0.9) {
        [...callers].at(-1)?.abort();
      } else if (dice < 0.91) {
        await vi.advanceTimersByTimeAsync(WAIT_MS / 2);
      } else {
        await Promise.resolve();
      }
      expect(held.size).toBeLessThanOrEqual(some.size);
    }
    await vi.runAllTimersAsync();
    expect(taken).toBeGreaterThan(1000);
    expect(some).toMatchObject({ held: held.size, waiting: 0 });
    for (const release of held) release();
    expect(some.held).toBe(0);
  });
});
