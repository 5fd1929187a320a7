import { setTimeout as sleep } from 'node:timers/promises';
import { ProgressTracker } from '#service/downloads/progress/progress.tracker.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { until } from '../harness/polling.js';

const FRESHNESS_MS = 100;
const STALL_MS = 600;

let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, {
    STATUS_FRESHNESS_MS: String(FRESHNESS_MS),
    STALL_AFTER_MS: String(STALL_MS),
  });
  api = DownloadsApi.ofBff(bff.url);
});
beforeEach(() => {
  sandbox.clearRequests();
  sandbox.bytesPerSecond = undefined;
});
afterEach(async () => {
  sandbox.clearFaults();
  await until(watchers, (count) => count === 0);
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

const watchers = () => bff.app.get(ProgressTracker, { strict: false }).watcherCount;
const looks = (id: string) =>
  sandbox.requests.filter(
    ({ method, url }) => method === 'GET' && url.endsWith(`/downloads/${id}`),
  );

/** A download that has begun and stands still. */
async function held(): Promise<string> {
  sandbox.bytesPerSecond = 0;
  const id = await api.start([SAMPLE_NODES.mediumFile]);
  await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
  return id;
}

describe('the events of a download', () => {
  it('tell of every step and of the end, and then the stream ends', async () => {
    sandbox.bytesPerSecond = 40_000_000;
    const id = await api.start([SAMPLE_NODES.mediumFile, SAMPLE_NODES.textFile]);
    const events = await Events.open(bff.url, id);
    expect(events.answer.status).toBe(200);
    await events.ended;
    expect(events.names.slice(0, -1)).toEqual(Array(events.names.length - 1).fill('progress'));
    expect(events.names.length).toBeGreaterThan(2);
    expect(events.last).toMatchObject({
      name: 'done',
      data: { entry: await api.status(id), percent: 100 },
    });
    const percents = events.received.map(({ data }) => data.percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(
      events.received.some(({ data }) => data.bytesPerSecond! > 0 && data.remainingSeconds! >= 0),
    ).toBe(true);
  });

  it('carry ids, say when to come back, and are not held up or kept by proxies', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const events = await Events.open(bff.url, id);
    await events.ended;
    expect(events.text).toMatch(
      /^retry: 2000\n\nid: DONE\.1\.13\.1\.13\nevent: done\ndata: \{.*\}\n\n$/,
    );
    expect(Object.fromEntries(events.answer.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String) as string,
    });
  });

  it('are of 0 percent where there are no bytes, and of 100 at the end', async () => {
    const id = await api.start([SAMPLE_NODES.emptyFolder]);
    const events = await Events.open(bff.url, id);
    await events.ended;
    expect(events.received[0]!.data.percent).toBe(0);
    expect(events.last).toMatchObject({ name: 'done', data: { percent: 100 } });
  });

  it('end with cancelled when the download was', async () => {
    sandbox.bytesPerSecond = 40_000_000;
    const id = await api.start([SAMPLE_NODES.largeFile]);
    const events = await Events.open(bff.url, id);
    await until(
      () => events.last?.data.entry.status,
      (status) => status === 'IN_PROGRESS',
    );
    await api.request('DELETE', `/downloads/${id}`);
    await events.ended;
    expect(events.last).toMatchObject({
      name: 'cancelled',
      data: { entry: { status: 'CANCELLED' } },
    });
    expect(events.last!.data.percent).toBeLessThan(100);
  });

  it('end with done when a cancellation comes too late, as for empty folders', async () => {
    const id = await api.start([SAMPLE_NODES.emptyFolder]);
    const cancelled = await api.request('DELETE', `/downloads/${id}`);
    expect(cancelled.status).toBe(202);
    const events = await Events.open(bff.url, id);
    await events.ended;
    expect(events.last).toMatchObject({ name: 'done', data: { entry: { status: 'DONE' } } });
  });

  it('end with too-large when it is', async () => {
    const small = await startSandbox({ maxContentSize: 20 });
    const other = await startBff(small.url);
    const id = await DownloadsApi.ofBff(other.url).start([
      SAMPLE_NODES.textFile,
      SAMPLE_NODES.secondTextFile,
    ]);
    const events = await Events.open(other.url, id);
    await events.ended;
    expect(events.last).toMatchObject({ name: 'too-large', data: { percent: 0 } });
    await other.close();
    await small.close();
  });

  it('tell once that a crashed job has stalled, and that its download is gone when the clean-up has removed it', async () => {
    const id = await api.start([SAMPLE_NODES.crashingFile]);
    const events = await Events.open(bff.url, id);
    await until(
      () => events.last?.name,
      (name) => name === 'stalled',
    );
    const { unchangedSince } = events.last!.data;
    expect(Date.now() - Date.parse(unchangedSince!)).toBeGreaterThanOrEqual(STALL_MS);
    await sleep(2 * STALL_MS);
    expect(events.names.filter((name) => name === 'stalled')).toHaveLength(1);

    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
    await events.ended;
    expect(events.last).toMatchObject({
      name: 'gone',
      data: { status: 404, code: 'DOWNLOAD_NOT_FOUND', instance: `/downloads/${id}/events` },
    });
    expect((await Events.open(bff.url, id)).answer.status).toBe(404);
  });

  it('tell of movement after a stall', async () => {
    const id = await held();
    const events = await Events.open(bff.url, id);
    await until(
      () => events.names.includes('stalled'),
      (hasStalled) => hasStalled,
    );
    sandbox.bytesPerSecond = undefined;
    await events.ended;
    expect(events.last!.name).toBe('done');
  });

  it('of a job that has stalled already begin with that', async () => {
    const id = await held();
    const first = await Events.open(bff.url, id);
    await until(
      () => first.last?.name,
      (name) => name === 'stalled',
    );
    const second = await Events.open(bff.url, id);
    await until(
      () => second.names,
      (names) => names.length > 0,
    );
    expect(second.names).toEqual(['stalled']);
    first.leave();
    second.leave();
  });

  it('end with gone for everybody when one caller removes the download', async () => {
    const id = await held();
    const all = await Promise.all(Array.from({ length: 5 }, () => Events.open(bff.url, id)));
    await api.request('DELETE', `/nodes/${id}`);
    await Promise.all(all.map(({ ended }) => ended));
    expect(all.map(({ last }) => last!.name)).toEqual(Array(5).fill('gone'));
  });

  it('go on when Alfresco fails for a while, and miss nothing', async () => {
    const id = await held();
    const events = await Events.open(bff.url, id);
    sandbox.fail(
      { kind: 'html', status: 502 },
      { method: 'GET', path: /\/downloads\/[^/]+$/, times: Infinity },
    );
    await until(
      () => looks(id).filter(({ status }) => status === 502).length,
      (failures) => failures >= 2,
    );
    sandbox.bytesPerSecond = undefined;
    sandbox.clearFaults();
    await events.ended;
    expect(events.last!.name).toBe('done');
  });

  it('resume after the event that the caller has', async () => {
    const id = await held();
    const first = await Events.open(bff.url, id);
    await until(
      () => first.names,
      (names) => names.length > 0,
    );
    first.leave();
    const again = await Events.open(bff.url, id, { 'last-event-id': first.last!.id });
    sandbox.bytesPerSecond = undefined;
    await again.ended;
    expect(again.received.map((event) => event.id)).not.toContain(first.last!.id);
    expect(again.last!.name).toBe('done');
  });

  it('are over, with 204, for a caller who has the last one', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const first = await Events.open(bff.url, id);
    await first.ended;
    const again = await Events.open(bff.url, id, { 'last-event-id': first.last!.id });
    expect(again.answer.status).toBe(204);
    const other = await Events.open(bff.url, id, { 'last-event-id': 'nonsense' });
    await other.ended;
    expect(other.names).toEqual(['done']);
  });

  it.each([
    ['application/json', 406],
    ['text/event-stream;q=0, */*', 406],
    ['text/*', 200],
    ['text/html, */*;q=0.1', 200],
  ])('answer Accept: %s with %i', async (accept, status) => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const events = await Events.open(bff.url, id, { accept });
    await events.ended;
    expect(events.answer.status).toBe(status);
    expect(events.text).toContain(status === 406 ? '"code":"NOT_ACCEPTABLE"' : 'event: done');
  });

  it('are not for another caller, and a download that was never made has none', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    expect((await Events.open(bff.url, id, {}, 'zoe')).answer.status).toBe(403);
    expect((await Events.open(bff.url, 'nope')).answer.status).toBe(404);
    expect(looks('nope')).toHaveLength(0);
  });

  it('are answered to HEAD without a stream', async () => {
    const id = await held();
    const answer = await api.request('HEAD', `/downloads/${id}/events`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(watchers()).toBe(0);
  });

  it('come as a problem document while Alfresco fails at the first look', async () => {
    const id = await api.start([SAMPLE_NODES.textFile]);
    sandbox.fail(
      { kind: 'html', status: 500 },
      { method: 'GET', path: /\/downloads\/[^/]+$/, times: Infinity },
    );
    await sleep(FRESHNESS_MS * 1.5);
    const { answer } = await Events.open(bff.url, id);
    expect(answer.status).toBe(502);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('end without a last one when the service is stopped, so that callers come back', async () => {
    const other = await startBff(sandbox.url);
    sandbox.bytesPerSecond = 0;
    const id = await DownloadsApi.ofBff(other.url).start([SAMPLE_NODES.mediumFile]);
    const events = await Events.open(other.url, id);
    await other.close();
    await events.ended;
    expect(events.names.every((name) => name === 'progress')).toBe(true);
  });
});

describe('looking at Alfresco', () => {
  it(
    'happens once an interval for 1,000 watchers of three kinds, who all learn of the same end',
    { timeout: 60_000 },
    async () => {
      const id = await held();
      sandbox.clearRequests();
      const began = performance.now();
      const streams = await Promise.all(
        Array.from({ length: 400 }, () => Events.open(bff.url, id)),
      );
      const longPolls = Array.from({ length: 300 }, () => lastOfLongPolls(id));
      const polls = Array.from({ length: 300 }, () => lastOfPolls(id));
      await until(watchers, (count) => count >= 700);
      await sleep(1000);
      sandbox.bytesPerSecond = undefined;

      await Promise.all(streams.map(({ ended }) => ended));
      const ends = [
        ...streams.map(({ last }) => last!.data.entry),
        ...(await Promise.all(longPolls)),
        ...(await Promise.all(polls)),
      ];
      const elapsedMs = performance.now() - began;
      expect(ends).toHaveLength(1000);
      expect(new Set(ends.map((entry) => JSON.stringify(entry)))).toEqual(
        new Set([JSON.stringify(await api.status(id))]),
      );
      expect(streams.every(({ last }) => last!.name === 'done')).toBe(true);

      const calls = looks(id);
      expect(calls.length).toBeLessThanOrEqual(Math.ceil(elapsedMs / FRESHNESS_MS) + 1);
      expect(sandbox.requests).toHaveLength(calls.length);
      await until(watchers, (count) => count === 0);

      sandbox.clearRequests();
      await api.status(id);
      await sleep(5 * FRESHNESS_MS);
      expect(sandbox.requests).toEqual([]);
    },
  );

  it('stops when the last watcher leaves', async () => {
    const id = await held();
    const events = await Events.open(bff.url, id);
    await until(
      () => looks(id).length,
      (count) => count >= 3,
    );
    events.leave();
    await until(watchers, (count) => count === 0);
    sandbox.clearRequests();
    await sleep(5 * FRESHNESS_MS);
    expect(looks(id)).toEqual([]);
  });

  it('gets rarer while nothing moves, and never rarer than every two seconds', async () => {
    const id = await held();
    const events = await Events.open(bff.url, id);
    await sleep(FRESHNESS_MS * 30);
    const rare = looks(id).length;
    expect(rare).toBeLessThan(15);
    await until(
      () => looks(id).length,
      (count) => count >= rare + 2,
      { forMs: 5000 },
    );
    events.leave();
  });
});

/** Polls as an impatient front end does. */
async function lastOfPolls(id: string) {
  for (;;) {
    const entry = await api.status(id);
    if (entry.status === 'DONE') return entry;
    await sleep(50 + Math.random() * 400);
  }
}

async function lastOfLongPolls(id: string) {
  let etag: string | undefined;
  let entry;
  for (;;) {
    const headers = { prefer: 'wait=20', ...(etag && { 'if-none-match': etag }) };
    const answer = await api.request('GET', `/downloads/${id}`, { headers });
    etag = answer.headers.get('etag')!;
    if (answer.status === 200) ({ entry } = (await answer.json()) as { entry: { status: string } });
    if (entry?.status === 'DONE') return entry;
  }
}
