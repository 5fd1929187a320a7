import { getEventListeners } from 'node:events';
import { seededRandom } from '../seeded-random.fixture.js';
import { type Release, TransferLimiter } from './transfer-limiter.js';

const WAIT_MS = 1000;
const STAYS = new AbortController().signal;

const ALICE = { key: 'alice', isLinked: false };
const ZOE = { key: 'zoe', isLinked: false };
const LINKS = { key: 'link alice', isLinked: true };

/** Where one caller may have all transfers. */
const limiter = (maxConnections: number, maxTransfersPerCaller = maxConnections) =>
  new TransferLimiter({ maxConnections, maxTransfersPerCaller, timeoutMs: WAIT_MS });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('transfers at a time', () => {
  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 3],
    [128, 96],
  ])('of %i connections are %i', (connections, size) => {
    expect(limiter(connections).limit).toBe(size);
  });

  it('begin in the order in which they were asked for', async () => {
    const two = limiter(3);
    const [first, second] = [await two.begin(ALICE, STAYS), await two.begin(ALICE, STAYS)];
    const order: string[] = [];
    const waiting = ['a', 'b', 'c'].map(async (name) => {
      const release = await two.begin(ALICE, STAYS);
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
    expect(two).toMatchObject({ activeTransfers: 0, waiting: 0 });
  });

  it('are rejected after a while, with the time to come back', async () => {
    const one = limiter(1);
    const release = await one.begin(ALICE, STAYS);
    const late = one.begin(ALICE, STAYS).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(WAIT_MS - 1);
    expect(one.waiting).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await late).toMatchObject({
      code: 'ALFRESCO_UNAVAILABLE',
      headers: { 'retry-after': '5' },
    });
    expect(one.waiting).toBe(0);
    release();
    (await one.begin(ALICE, STAYS))();
    expect(one.activeTransfers).toBe(0);
  });

  it('are not begun for a client that has disconnected', async () => {
    const one = limiter(1);
    const caller = new AbortController();
    const release = await one.begin(ALICE, STAYS);
    const waiting = one.begin(ALICE, caller.signal);
    caller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    await expect(one.begin(ALICE, caller.signal)).rejects.toThrow('left');
    expect(one.waiting).toBe(0);
    release();
    expect(one.activeTransfers).toBe(0);
  });

  it('are given back once, however often that is said', async () => {
    const two = limiter(3);
    const release = await two.begin(ALICE, STAYS);
    await two.begin(ALICE, STAYS).then((other) => {
      release();
      release();
      expect(two.activeTransfers).toBe(1);
      other();
    });
    expect(two.activeTransfers).toBe(0);
  });

  it.each([
    [128, undefined, 24],
    [4, undefined, 1],
    [1, undefined, 1],
    [128, 10, 10],
    [4, 100, 3],
  ])('of %i connections are, with %s for each caller, %i', (maxConnections, configured, limit) => {
    const config = { maxConnections, maxTransfersPerCaller: configured, timeoutMs: WAIT_MS };
    expect(new TransferLimiter(config).callerLimit).toBe(limit);
  });

  it('of one caller are limited, and leave the rest to others', async () => {
    const six = limiter(8, 2);
    const releases = [await six.begin(ALICE, STAYS), await six.begin(ALICE, STAYS)];
    const late = six.begin(ALICE, STAYS).catch((error: unknown) => error);
    for (let index = 0; index < 2; index += 1) releases.push(await six.begin(ZOE, STAYS));
    await vi.advanceTimersByTimeAsync(WAIT_MS);
    expect(await late).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      headers: { 'retry-after': '5' },
    });
    expect(six).toMatchObject({ activeTransfers: 4, waiting: 0 });
    for (const release of releases) release();
  });

  it('by links are half of those of a caller, and do not count as theirs', async () => {
    const six = limiter(8, 4);
    const releases = [await six.begin(LINKS, STAYS), await six.begin(LINKS, STAYS)];
    const late = six.begin(LINKS, STAYS);
    expect(six.waiting).toBe(1);
    for (let index = 0; index < 4; index += 1) releases.push(await six.begin(ALICE, STAYS));
    releases[0]!();
    releases.push(await late);
    for (const release of releases) release();
    expect(six.activeTransfers).toBe(0);
  });

  it('are given to the holder with the fewest, not to the one that came first', async () => {
    const three = limiter(4, 3);
    const releases = await Promise.all([1, 2, 3].map(() => three.begin(ALICE, STAYS)));
    const order: string[] = [];
    const waiting = [ALICE, ALICE, ZOE].map(async (holder) => {
      releases.push(await three.begin(holder, STAYS));
      order.push(holder.key);
    });
    releases[0]!();
    await waiting[2];
    expect(order).toEqual(['zoe']);
    for (const release of releases) release();
    await Promise.all(waiting);
    for (const release of releases) release();
    expect(three).toMatchObject({ activeTransfers: 0, waiting: 0 });
  });

  it('are never lost and never too many, whatever callers do', async () => {
    const random = seededRandom();
    const some = limiter(8, 4);
    const held = new Set<Release>();
    const callers = new Set<AbortController>();
    let taken = 0;
    const holders = [ALICE, ZOE, LINKS];
    for (let step = 0; step < 20_000; step += 1) {
      const dice = random();
      if (dice < 0.45) {
        const caller = new AbortController();
        callers.add(caller);
        void some.begin(holders[step % 3]!, caller.signal).then(
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
      expect(held.size).toBeLessThanOrEqual(some.limit);
    }
    await vi.runAllTimersAsync();
    expect(taken).toBeGreaterThan(1000);
    expect(some).toMatchObject({ activeTransfers: held.size, waiting: 0 });
    for (const release of held) release();
    expect(some.activeTransfers).toBe(0);
  });
});
