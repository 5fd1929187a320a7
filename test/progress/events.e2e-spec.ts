import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { until } from '../harness/polling.js';
import { FRESHNESS_MS, progressTests } from './progress-fixtures.js';
import { sharesRequestsAmongWatchers } from './watchers.js';

const STALL_MS = 300;
/** Status requests about any download. */
const ALL_STATUS_REQUESTS = { method: 'GET', path: /\/downloads\/[^/]+$/, times: Infinity };

const it = progressTests();
/** Only for the tests of stalls: on a busy machine, other jobs could take this long, too. */
const stalling = progressTests({ STALL_AFTER_MS: String(STALL_MS) });

const untilNamed = (events: Events, name: string) =>
  until(
    () => events.names,
    (names) => names.includes(name),
  );

const untilAny = (events: Events) =>
  until(
    () => events.names,
    (names) => names.length > 0,
  );

describe('GET /downloads/{id}/events', () => {
  it('reports every step and the end, and then closes', async ({ sandbox, api, open }) => {
    // Slow enough that each of the first steps lasts a second.
    sandbox.bytesPerSecond = 10_000_000;
    const id = await api.start([SAMPLE_NODES.mediumFile, SAMPLE_NODES.textFile]);
    const events = await open(id);
    expect(events.response.status).toBe(200);
    const isEstimated = () =>
      events.received.some(({ data }) => data.bytesPerSecond! > 0 && data.remainingSeconds! >= 0);
    await until(isEstimated, (isKnown) => isKnown);
    sandbox.bytesPerSecond = undefined;
    await events.ended;
    expect(events.names.slice(0, -1)).toEqual(Array(events.names.length - 1).fill('progress'));
    expect(events.names.length).toBeGreaterThan(2);
    expect(events.last).toMatchObject({
      name: 'done',
      data: { entry: await api.status(id), percent: 100 },
    });
    const percents = events.received.map(({ data }) => data.percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  });

  it('gives events ids and a reconnection time, and is neither buffered nor stored by proxies', async ({
    api,
    open,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const events = await open(id);
    await events.ended;
    expect(events.text).toMatch(
      /^retry: 2000\n\nid: DONE\.1\.13\.1\.13\nevent: done\ndata: \{.*\}\n\n$/,
    );
    expect(Object.fromEntries(events.response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.any(String) as string,
    });
  });

  it('sends a comment at every heartbeat interval', async ({ held, open }) => {
    const events = await open(held);
    await until(
      () => events.text.match(/^:$/gm)?.length ?? 0,
      (beats) => beats >= 3,
    );
    events.close();
  });

  it('reports 0 percent where there are no bytes, and 100 at the end', async ({ api, open }) => {
    const id = await api.start([SAMPLE_NODES.emptyFolder]);
    const events = await open(id);
    await events.ended;
    expect(events.received[0]!.data.percent).toBe(0);
    expect(events.last).toMatchObject({ name: 'done', data: { percent: 100 } });
  });

  it('ends with cancelled when the download was cancelled', async ({
    sandbox,
    api,
    held,
    open,
  }) => {
    const events = await open(held);
    await untilAny(events);
    await api.request('DELETE', `/downloads/${held}`);
    // Alfresco checks for a cancellation at its next progress report.
    sandbox.bytesPerSecond = undefined;
    await events.ended;
    expect(events.last).toMatchObject({
      name: 'cancelled',
      data: { entry: { status: 'CANCELLED' } },
    });
    expect(events.last!.data.percent).toBeLessThan(100);
  });

  it('ends with done when a cancellation comes too late, as for empty folders', async ({
    api,
    open,
  }) => {
    const id = await api.start([SAMPLE_NODES.emptyFolder]);
    const cancelled = await api.request('DELETE', `/downloads/${id}`);
    expect(cancelled.status).toBe(202);
    const events = await open(id);
    await events.ended;
    expect(events.last).toMatchObject({ name: 'done', data: { entry: { status: 'DONE' } } });
  });

  it('ends with too-large when the ZIP would be', async ({ api, open }) => {
    const id = await api.start([SAMPLE_NODES.mediumFile, SAMPLE_NODES.largeFile]);
    const events = await open(id);
    await events.ended;
    expect(events.last).toMatchObject({ name: 'too-large', data: { percent: 0 } });
  });

  stalling(
    'reports once that a crashed job has stalled, and that its download is gone when Alfresco’s clean-up has removed it',
    async ({ sandbox, api, open, statusRequests }) => {
      const id = await api.start([SAMPLE_NODES.crashingFile]);
      const events = await open(id);
      await untilNamed(events, 'stalled');
      const { unchangedSince } = events.last!.data;
      expect(Date.now() - Date.parse(unchangedSince!)).toBeGreaterThanOrEqual(STALL_MS);
      const before = statusRequests(id).length;
      await until(
        () => statusRequests(id).length,
        (count) => count >= before + 5,
      );
      expect(events.names.filter((name) => name === 'stalled')).toHaveLength(1);

      await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
      await events.ended;
      expect(events.last).toMatchObject({
        name: 'gone',
        data: { status: 404, code: 'DOWNLOAD_NOT_FOUND', instance: `/downloads/${id}/events` },
      });
      expect((await open(id)).response.status).toBe(404);
    },
  );

  stalling('reports progress after a stall', async ({ sandbox, held, open }) => {
    const events = await open(held);
    await untilNamed(events, 'stalled');
    sandbox.bytesPerSecond = undefined;
    await events.ended;
    expect(events.last!.name).toBe('done');
  });

  stalling('begins with stalled when the job has stalled already', async ({ held, open }) => {
    const first = await open(held);
    await untilNamed(first, 'stalled');
    const second = await open(held);
    await untilAny(second);
    expect(second.names).toEqual(['stalled']);
    first.close();
    second.close();
  });

  it('ends with gone for all watchers when one of them removes the download', async ({
    api,
    held,
    open,
  }) => {
    const all = await Promise.all(Array.from({ length: 5 }, () => open(held)));
    await api.request('DELETE', `/nodes/${held}`);
    await Promise.all(all.map(({ ended }) => ended));
    expect(all.map(({ last }) => last!.name)).toEqual(Array(5).fill('gone'));
  });

  it('continues when Alfresco fails for a while, and misses nothing', async ({
    sandbox,
    held,
    open,
    statusRequests,
  }) => {
    const events = await open(held);
    sandbox.fail({ kind: 'html', status: 502 }, ALL_STATUS_REQUESTS);
    await until(
      () => statusRequests(held).filter(({ status }) => status === 502).length,
      (failures) => failures >= 2,
    );
    sandbox.bytesPerSecond = undefined;
    sandbox.clearFaults();
    await events.ended;
    expect(events.last!.name).toBe('done');
  });

  it('resumes after the last event that the client has received', async ({
    sandbox,
    held,
    open,
  }) => {
    const first = await open(held);
    await untilAny(first);
    first.close();
    const again = await open(held, { 'last-event-id': first.last!.id });
    sandbox.bytesPerSecond = undefined;
    await again.ended;
    expect(again.received.map((event) => event.id)).not.toContain(first.last!.id);
    expect(again.last!.name).toBe('done');
  });

  it('responds with 204 to a client that has received the final event', async ({ api, open }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const first = await open(id);
    await first.ended;
    const again = await open(id, { 'last-event-id': first.last!.id });
    expect(again.response.status).toBe(204);
    const other = await open(id, { 'last-event-id': 'nonsense' });
    await other.ended;
    expect(other.names).toEqual(['done']);
  });

  it.for([
    'application/json',
    'application/json, application/problem+json',
    'text/event-stream;q=0, */*',
    'text/*',
    'image/png',
    '',
  ])('streams events whatever a generated client accepts: %s', async (accept, { api, open }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const events = await open(id, { accept });
    await events.ended;
    expect(events.response.status).toBe(200);
    expect(events.response.headers.get('content-type')).toBe('text/event-stream');
    expect(events.text).toContain('event: done');
  });

  it('rejects another caller, and an unknown download', async ({
    bff,
    api,
    open,
    statusRequests,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    expect((await Events.open(bff.url, id, {}, 'zoe')).response.status).toBe(403);
    expect((await open('nope')).response.status).toBe(404);
    expect(statusRequests('nope')).toHaveLength(0);
  });

  it('responds to HEAD without a stream', async ({ api, held, watchers }) => {
    const response = await api.request('HEAD', `/downloads/${held}/events`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(watchers()).toBe(0);
  });

  it('responds with a problem document when Alfresco fails at the first request', async ({
    sandbox,
    api,
    open,
  }) => {
    const id = await api.start([SAMPLE_NODES.textFile]);
    sandbox.fail({ kind: 'html', status: 500 }, ALL_STATUS_REQUESTS);
    const { response } = await open(id);
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  it('closes without a final event when the service is stopped, so that clients reconnect', async ({
    sandbox,
  }) => {
    const other = await startBff(sandbox.url);
    sandbox.bytesPerSecond = 0;
    const id = await DownloadsApi.ofBff(other.url).start([SAMPLE_NODES.largeFile]);
    const events = await Events.open(other.url, id);
    await other.close();
    await events.ended;
    expect(events.names.every((name) => name === 'progress')).toBe(true);
  });
});

describe('polling Alfresco for progress', () => {
  sharesRequestsAmongWatchers(it, { streams: 40, longPolls: 30, polls: 30 });

  it('stops when the last watcher disconnects', async ({
    sandbox,
    held,
    open,
    statusRequests,
    watchers,
  }) => {
    const events = await open(held);
    await until(
      () => statusRequests(held).length,
      (count) => count >= 3,
    );
    events.close();
    await until(watchers, (count) => count === 0);
    sandbox.clearRequests();
    await sleep(10 * FRESHNESS_MS);
    expect(statusRequests(held)).toEqual([]);
  });

  it('becomes less frequent while nothing changes, up to a limit', async ({
    held,
    open,
    statusRequests,
    sandbox,
  }) => {
    sandbox.clearRequests();
    const events = await open(held);
    // Without the limit on the interval, this would take minutes.
    const all = await until(
      () => statusRequests(held),
      (requests) => requests.length >= 20,
    );
    const gaps = all.slice(1).map(({ startedAt }, index) => startedAt - all[index]!.startedAt);
    for (const gap of gaps.slice(5)) expect(gap).toBeGreaterThan(4 * FRESHNESS_MS);
    events.close();
  });
});
