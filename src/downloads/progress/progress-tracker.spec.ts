import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OwnershipService } from '../ownership.service.js';
import type { AlfrescoClient } from '../../alfresco/alfresco.client.js';
import type { Download } from '../../alfresco/download.js';
import type { Caller } from '../../auth/caller.js';
import { DownloadEndings, ProgressTracker } from './progress-tracker.js';
import { Metrics } from '../../observability/metrics.js';
import { ProblemException } from '../../problems/problem.exception.js';
import type { DownloadRegistry } from '../registry/download-registry.js';
import type { ProgressEvent } from './progress-event.js';
import { ProgressSharing } from './progress-sharing.js';

const CALLER: Caller = { id: 'basic:alice', name: 'alice' };
const PENDING: Omit<Download, 'id'> = {
  status: 'PENDING',
  filesAdded: 0,
  bytesAdded: 0,
  totalFiles: 0,
  totalBytes: 0,
};
const RUNNING: Omit<Download, 'id'> = { ...PENDING, status: 'IN_PROGRESS', bytesAdded: 1 };

let state: Omit<Download, 'id'>;
let failure: Error | undefined;
let calls: string[];
let removed: string[];
let tracker: ProgressTracker;

beforeEach(() => {
  vi.useFakeTimers();
  state = PENDING;
  failure = undefined;
  calls = [];
  removed = [];
  // Alfresco and the store are only counted here; the end-to-end tests have real ones.
  const alfresco = {
    getDownload: (id: string) => {
      calls.push(id);
      return failure ? Promise.reject(failure) : Promise.resolve({ id, ...state });
    },
  } as unknown as AlfrescoClient;
  const registry = {
    remove: (id: string) => Promise.resolve(void removed.push(id)),
  } as unknown as DownloadRegistry;
  tracker = new ProgressTracker(
    alfresco,
    new OwnershipService(registry),
    new DownloadEndings(new Metrics()),
    new ProgressSharing(),
    {
      maxNodeIds: 1,
      statusFreshnessMs: 250,
      stallAfterMs: 10_000,
      pendingStallAfterMs: 60_000,
    },
  );
});
afterEach(() => {
  tracker.onModuleDestroy();
  vi.useRealTimers();
});

function watch(id = 'd') {
  const events: ProgressEvent[] = [];
  let isStopped = false;
  const unwatch = tracker.watch(CALLER, id, {
    next: (event) => void events.push(event),
    stop: () => (isStopped = true),
  });
  return {
    events,
    unwatch,
    isStopped: () => isStopped,
    names: () => events.map(({ name }) => name),
  };
}

async function watchForAMoment(from: number, to: number): Promise<void> {
  for (let i = from; i < to; i += 1) {
    await tracker.read(CALLER, `download-${i}`);
    watch(`download-${i}`).unwatch();
  }
}

/** Bytes of the heap after a garbage collection. */
function heapHeld(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  setFlagsFromString('--no-expose-gc');
  return process.memoryUsage().heapUsed;
}

describe('the progress tracker', () => {
  it('remembers a bounded number of downloads, the ones used last', async () => {
    state = { ...PENDING, status: 'DONE' };
    for (let i = 0; i <= 10_000; i++) await tracker.read(CALLER, `d${i}`);
    calls = [];
    await tracker.read(CALLER, 'd1');
    expect(calls).toEqual([]);
    await tracker.read(CALLER, 'd0');
    expect(calls).toEqual(['d0']);
    await tracker.read(CALLER, 'd2');
    expect(calls).toEqual(['d0', 'd2']);
  });

  it.each(['IN_PROGRESS', 'DONE'] as const)(
    'holds less than a kilobyte for each download without watchers, when it is %s',
    async (status) => {
      const counters = { filesAdded: 3, bytesAdded: 1_234_567, totalFiles: 17 };
      state = { status, ...counters, totalBytes: 7_654_321 };
      await watchForAMoment(0, 1000);
      const before = heapHeld();
      await watchForAMoment(1000, 6000);
      expect((heapHeld() - before) / 5000).toBeLessThan(1000);
    },
  );

  it('remembers nothing of a download that was removed during a call for it', async () => {
    const reading = tracker.read(CALLER, 'd');
    tracker.end('d');
    await reading;
    await tracker.read(CALLER, 'd');
    expect(calls).toEqual(['d', 'd']);
  });

  it('refreshes every 250 ms while it moves, ever less often while it does not, and at least every two seconds', async () => {
    watch();
    const gaps: number[] = [];
    for (let refreshedAt = performance.now(), seen = 0; gaps.length < 12;) {
      await vi.advanceTimersByTimeAsync(10);
      if (calls.length === seen) continue;
      seen = calls.length;
      gaps.push(performance.now() - refreshedAt);
      refreshedAt = performance.now();
    }
    expect(gaps.slice(0, 3).every((gap) => gap < 500)).toBe(true);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2010);
    expect(gaps.at(-1)).toBeGreaterThan(1900);
    state = { ...state, status: 'IN_PROGRESS', bytesAdded: 1 };
    await vi.advanceTimersByTimeAsync(2000);
    calls = [];
    state = { ...state, bytesAdded: 2 };
    await vi.advanceTimersByTimeAsync(500);
    expect(calls.length).toBeGreaterThanOrEqual(1);
  });

  it('notifies in time that a download has stalled, though it refreshes seldom by then', async () => {
    state = RUNNING;
    const { names } = watch();
    await vi.advanceTimersByTimeAsync(10_600);
    expect(names()).toEqual(['progress', 'stalled']);
  });

  it('does not take waiting in a queue for a stall, until it takes longer than usual', async () => {
    const { names } = watch();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(names()).toEqual(['progress']);
    await vi.advanceTimersByTimeAsync(1600);
    expect(names()).toEqual(['progress', 'stalled']);
  });

  it('counts the time of a stall from when Alfresco has begun', async () => {
    const { names } = watch();
    await vi.advanceTimersByTimeAsync(50_000);
    state = RUNNING;
    await vi.advanceTimersByTimeAsync(9000);
    expect(names()).toEqual(['progress', 'progress']);
    await vi.advanceTimersByTimeAsync(3600);
    expect(names()).toEqual(['progress', 'progress', 'stalled']);
  });

  it('does so also when Alfresco does not respond any more', async () => {
    state = RUNNING;
    const { names } = watch();
    await vi.advanceTimersByTimeAsync(1000);
    failure = new ProblemException('ALFRESCO_UNREACHABLE');
    await vi.advanceTimersByTimeAsync(13_000);
    expect(names()).toEqual(['progress', 'stalled']);
  });

  it('describes to a watcher that comes back late the state of that moment', async () => {
    state = RUNNING;
    const first = watch();
    await vi.advanceTimersByTimeAsync(1000);
    first.unwatch();
    await vi.advanceTimersByTimeAsync(30_000);
    const { names } = watch();
    expect(names()).toEqual(['stalled']);
    state = { ...state, status: 'DONE' };
    await vi.advanceTimersByTimeAsync(2000);
    expect(names()).toEqual(['stalled', 'done']);
  });

  it.each([
    ['DOWNLOAD_NOT_FOUND', ['d']],
    ['FORBIDDEN', []],
    ['NOT_A_DOWNLOAD', []],
  ] as const)('ends with %s, and starts afresh with the next read', async (code, rows) => {
    const { events, names } = watch();
    await vi.advanceTimersByTimeAsync(300);
    failure = new ProblemException(code);
    await vi.advanceTimersByTimeAsync(2000);
    expect(names()).toEqual(['progress', 'gone']);
    expect(events.at(-1)).toMatchObject({ problem: { code } });
    expect(removed).toEqual(rows);
    calls = [];
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual([]);
    failure = undefined;
    await expect(tracker.read(CALLER, 'd')).resolves.toMatchObject({ status: 'PENDING' });
  });

  it('refreshes a final state after some seconds, when it is read', async () => {
    state = { ...PENDING, status: 'DONE' };
    await tracker.read(CALLER, 'd');
    await vi.advanceTimersByTimeAsync(4000);
    await tracker.read(CALLER, 'd');
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2000);
    failure = new ProblemException('DOWNLOAD_NOT_FOUND');
    await expect(tracker.read(CALLER, 'd')).rejects.toMatchObject({ code: 'DOWNLOAD_NOT_FOUND' });
  });

  it('stops watchers when the service is stopped, also those that come then', () => {
    const before = watch();
    tracker.onModuleDestroy();
    const after = watch();
    expect([before.isStopped(), after.isStopped()]).toEqual([true, true]);
    expect(tracker.watcherCount).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind when the last of several watchers goes', async () => {
    const watchers = Array.from({ length: 3 }, () => watch());
    await vi.advanceTimersByTimeAsync(1000);
    for (const { unwatch } of watchers) unwatch();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('downloads by end state', () => {
  it('are counted once, when they have ended', async () => {
    const metrics = new Metrics();
    const endings = new DownloadEndings(metrics);
    for (const status of ['PENDING', 'IN_PROGRESS', 'DONE', 'DONE'] as const) {
      endings.recordOutcome({ id: 'a', status });
    }
    endings.recordOutcome({ id: 'b', status: 'CANCELLED' });
    endings.recordOutcome({ id: 'c', status: 'DONE' });
    const { text } = await metrics.render();
    expect(text.match(/^bff_downloads_ended_total\{.*$/gm)).toEqual([
      'bff_downloads_ended_total{status="DONE"} 2',
      'bff_downloads_ended_total{status="CANCELLED"} 1',
    ]);
  });
});
