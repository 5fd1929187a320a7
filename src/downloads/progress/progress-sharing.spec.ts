import type { Download } from '../../alfresco/download.js';
import { PACING } from '../../config/pacing.js';
import type { PeerListener, Peers } from '../../config/worker-context.js';
import type { ProgressEvent } from './progress-event.js';
import { ProgressSharing } from './progress-sharing.js';
import { TrackedDownload } from './tracked-download.js';

const OPTIONS = { statusFreshnessMs: 250, stallAfterMs: 10_000, pendingStallAfterMs: 60_000 };
const at = (bytesAdded: number, status: Download['status'] = 'IN_PROGRESS'): Download => ({
  id: 'd',
  status,
  filesAdded: 0,
  bytesAdded,
  totalFiles: 1,
  totalBytes: 100,
});

/** What `claim` gives: 0, milliseconds of another process, or nothing when the others cannot be reached. */
let lease: number | undefined;
let claims: number;
let released: string[];
let listener: PeerListener;
let calls: number;
let state: Download | Error;
let sharing: ProgressSharing;
let download: TrackedDownload;

// The end-to-end tests have real processes; here each message comes at a chosen moment.
const peers: Peers = {
  claim: (leases) => {
    claims += 1;
    return lease === undefined
      ? Promise.reject(new Error('away'))
      : Promise.resolve(leases.map(() => lease!));
  },
  release: (leases) => void released.push(...leases),
  publish: () => {},
  listen: (given) => {
    listener = given;
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  [lease, claims, released, calls, state] = [1000, 0, [], 0, at(1)];
  sharing = new ProgressSharing(peers);
  download = new TrackedDownload('d', OPTIONS, PACING.polling, sharing, () => {
    calls += 1;
    return state instanceof Error ? Promise.reject(state) : Promise.resolve(state);
  });
  sharing.listen({ receive: () => {}, fallBack: () => download.takeOver() });
});
afterEach(() => {
  download.stop();
  sharing.onModuleDestroy();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function watch() {
  const events: ProgressEvent[] = [];
  const unwatch = download.watch({ next: (event) => void events.push(event), stop: () => {} });
  return { unwatch, names: () => events.map(({ name }) => name), events };
}

/** News that are `ageMs` old. */
const learn = (news: Download, ageMs = 0) => download.learn(news, performance.now() - ageMs);

describe('a download that another process asks about', () => {
  it('is not asked about here, while its news arrive', async () => {
    const { events } = watch();
    for (let bytes = 1; bytes <= 10; bytes++) {
      await vi.advanceTimersByTimeAsync(1000);
      learn(at(bytes));
    }
    expect(events).toHaveLength(10);
    expect(calls).toBe(0);
    expect(download.read()).toMatchObject({ bytesAdded: 10 });
  });

  it('is asked about here once its lease has ended', async () => {
    watch();
    learn(at(1));
    await vi.advanceTimersByTimeAsync(2000);
    expect([claims, calls]).toEqual([1, 0]);
    lease = 0;
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls).toBeGreaterThan(0);
  });

  it('is asked about at once when nobody leads any more', async () => {
    watch();
    learn(at(1));
    lease = 0;
    download.takeOver();
    await vi.advanceTimersByTimeAsync(250);
    expect(calls).toBe(1);
  });

  it('is asked about at once when the others cannot be reached, and no more when they can', async () => {
    watch();
    learn(at(1));
    lease = undefined;
    listener.lose();
    await vi.advanceTimersByTimeAsync(250);
    expect(calls).toBe(1);
    lease = 1000;
    await vi.advanceTimersByTimeAsync(2500);
    calls = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toBe(0);
  });

  it('counts as stalled here, too', async () => {
    const { names } = watch();
    learn(at(1));
    for (let second = 0; second < 11; second++) {
      await vi.advanceTimersByTimeAsync(1000);
      if (second % 2 === 0) learn(at(1));
    }
    expect(names()).toEqual(['progress', 'stalled']);
    expect(calls).toBe(0);
  });

  it.each([
    ['fewer bytes', at(4)],
    ['an earlier status', at(9, 'PENDING')],
  ])('does not go back to %s by news that are late', (_what, late) => {
    const { events } = watch();
    learn(at(5));
    learn(late);
    expect(events).toHaveLength(1);
  });

  it('is not taken for running by late news of one that has ended', () => {
    learn(at(100, 'DONE'));
    learn(at(50));
    expect(download.read()).toMatchObject({ status: 'DONE' });
  });

  it('is asked about by a read after a change, whatever a call has brought that began before it', async () => {
    learn(at(1));
    await vi.advanceTimersByTimeAsync(100);
    download.expectChange();
    learn(at(2), 50);
    await download.read();
    expect(calls).toBe(1);
    learn(at(3));
    expect(download.read()).toMatchObject({ bytesAdded: 3 });
    expect(calls).toBe(1);
  });
});

describe('a download that this process asks about for all', () => {
  beforeEach(() => {
    lease = 0;
  });

  it('is released with its last watcher, and when it has ended', async () => {
    const [one, other] = [watch(), watch()];
    await vi.advanceTimersByTimeAsync(1000);
    one.unwatch();
    expect(released).toEqual([]);
    other.unwatch();
    expect(released).toEqual(['d']);
    watch();
    await vi.advanceTimersByTimeAsync(1000);
    state = at(100, 'DONE');
    await vi.advanceTimersByTimeAsync(1000);
    expect(released).toEqual(['d', 'd']);
  });

  it('is released when its last watcher leaves during the claim', async () => {
    const { unwatch } = watch();
    vi.advanceTimersByTime(250);
    unwatch();
    await vi.advanceTimersByTimeAsync(0);
    expect([claims, calls]).toEqual([1, 0]);
    expect(released).toEqual(['d']);
  });

  it('is left to the others for a while after a call that failed', async () => {
    watch();
    await vi.advanceTimersByTimeAsync(1000);
    state = new Error('no response');
    await vi.advanceTimersByTimeAsync(1000);
    expect(sharing.isLeading('d')).toBe(false);
    expect(released).toEqual([]);
    [claims, calls] = [0, 0];
    await vi.advanceTimersByTimeAsync(600);
    expect([claims, calls]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(1500);
    expect(calls).toBeGreaterThan(0);
  });

  it('is followed here when another process has taken it, as from one that was stopped for a while', async () => {
    watch();
    await vi.advanceTimersByTimeAsync(1000);
    lease = 1500;
    await vi.advanceTimersByTimeAsync(2500);
    calls = 0;
    await vi.advanceTimersByTimeAsync(5000);
    expect(calls).toBe(0);
  });
});
