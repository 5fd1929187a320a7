import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadsApi } from '../harness/api.js';
import { until } from '../harness/polling.js';
import { FRESHNESS_MS, type progressTests } from './progress-fixtures.js';

/** Number of watchers of one download by kind. */
export interface Watchers {
  readonly streams: number;
  readonly longPolls: number;
  readonly polls: number;
}

/** Defines a test with this many watchers of one download. */
export function sharesRequestsAmongWatchers(
  it: ReturnType<typeof progressTests>,
  { streams, longPolls, polls }: Watchers,
): void {
  const count = streams + longPolls + polls;
  it(
    `happens once per interval for ${count} watchers of three kinds, which all get the same final state`,
    { timeout: 60_000 },
    async ({ sandbox, api, held, open, statusRequests, watchers }) => {
      sandbox.clearRequests();
      const began = performance.now();
      const opened = await many(streams, () => open(held));
      const polled = [many(longPolls, () => lastOfLongPolls(api, held))];
      polled.push(many(polls, () => lastOfPolls(api, held)));
      await until(watchers, (now) => now >= streams + longPolls);
      const before = statusRequests(held).length;
      await until(
        () => statusRequests(held).length,
        (now) => now >= before + 10,
      );
      sandbox.bytesPerSecond = undefined;

      await Promise.all(opened.map(({ ended }) => ended));
      const ends = [
        ...opened.map(({ last }) => last!.data.entry),
        ...(await Promise.all(polled)).flat(),
      ];
      const elapsedMs = performance.now() - began;
      expect(ends).toHaveLength(count);
      expect(new Set(ends.map((entry) => JSON.stringify(entry)))).toEqual(
        new Set([JSON.stringify(await api.status(held))]),
      );
      expect(opened.every(({ last }) => last!.name === 'done')).toBe(true);

      const calls = statusRequests(held);
      expect(calls.length).toBeLessThanOrEqual(Math.ceil(elapsedMs / FRESHNESS_MS) + 1);
      expect(sandbox.requests).toHaveLength(calls.length);
      await until(watchers, (now) => now === 0);

      sandbox.clearRequests();
      await api.status(held);
      await sleep(5 * FRESHNESS_MS);
      expect(sandbox.requests).toEqual([]);
    },
  );
}

function many<T>(length: number, watch: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length }, watch));
}

/** Polls at short intervals, as some front ends do. */
async function lastOfPolls(api: DownloadsApi, id: string) {
  for (;;) {
    const entry = await api.status(id);
    if (entry.status === 'DONE') return entry;
    await sleep(50 + Math.random() * 200);
  }
}

async function lastOfLongPolls(api: DownloadsApi, id: string) {
  let etag: string | undefined;
  let entry;
  for (;;) {
    const headers = { prefer: 'wait=20', ...(etag && { 'if-none-match': etag }) };
    const response = await api.request('GET', `/downloads/${id}`, { headers });
    etag = response.headers.get('etag')!;
    if (response.status === 200)
      ({ entry } = (await response.json()) as { entry: { status: string } });
    if (entry?.status === 'DONE') return entry;
  }
}
