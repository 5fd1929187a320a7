import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type DownloadBody, DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { FRESHNESS_MS, progressTests, watchersOf } from './progress-fixtures.js';

const ALL_DOWNLOADS = { path: /\/downloads\//, times: Infinity };

const it = progressTests();

type Get = (id: string, headers?: Record<string, string>, signal?: AbortSignal) => Promise<Shown>;

interface Shown {
  readonly status: number;
  readonly headers: Headers;
  readonly entry: DownloadBody | undefined;
}

/** `GET /downloads/{id}` of this caller. */
function getter(api: DownloadsApi): Get {
  return async (id, headers = {}, signal) => {
    const response = await api.request('GET', `/downloads/${id}`, { headers, signal });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      entry: text ? (JSON.parse(text) as { entry: DownloadBody }).entry : undefined,
    };
  };
}

async function post(
  api: DownloadsApi,
  nodeIds: readonly string[],
  headers: Record<string, string>,
) {
  const response = await api.request('POST', '/downloads', {
    body: JSON.stringify({ nodeIds }),
    headers: { 'content-type': 'application/json', ...headers },
  });
  const { entry } = (await response.json()) as { entry: DownloadBody };
  return { status: response.status, headers: response.headers, entry };
}

const untilOne = (watchers: () => number) => until(watchers, (count) => count === 1);

describe('GET /downloads/{id} with Prefer: wait', () => {
  it('responds as soon as something has changed', async ({ sandbox, api, held, watchers }) => {
    const waiting = getter(api)(held, { prefer: 'wait=30' });
    await untilOne(watchers);
    sandbox.bytesPerSecond = undefined;
    const { status, headers, entry } = await waiting;
    expect(status).toBe(200);
    expect(headers.get('preference-applied')).toBe('wait=30');
    expect(entry!.bytesAdded).toBeGreaterThan(20_480);
  });

  it('responds with the unchanged state when the wait is over', async ({ api, held }) => {
    const { status, headers, entry } = await getter(api)(held, { prefer: 'wait=1' });
    expect(status).toBe(200);
    expect(headers.get('retry-after')).toBe('1');
    expect(entry!.status).toBe('IN_PROGRESS');
  });

  it('responds at once when the caller’s copy is stale, and waits while it is current', async ({
    api,
    held,
  }) => {
    const get = getter(api);
    const { headers } = await get(held);
    const etag = headers.get('etag')!;
    const unchanged = await get(held, { prefer: 'wait=1', 'if-none-match': etag });
    expect(unchanged).toMatchObject({ status: 304, entry: undefined });
    expect(unchanged.headers.get('etag')).toBe(etag);
    expect(unchanged.headers.get('retry-after')).toBe('1');
    const old = await get(held, { prefer: 'wait=30', 'if-none-match': '"PENDING.0.0.0.0"' });
    expect(old).toMatchObject({ status: 200, entry: { status: 'IN_PROGRESS' } });
  });

  it('responds at once when the download has ended', async ({ api }) => {
    const get = getter(api);
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const { headers, entry } = await get(id, { prefer: 'wait=30' });
    expect(entry!.status).toBe('DONE');
    expect(headers.get('retry-after')).toBeNull();
    const again = await get(id, { prefer: 'wait=30', 'if-none-match': headers.get('etag')! });
    expect(again.status).toBe(304);
  });

  it('responds with 404 when the download is removed during the wait', async ({
    sandbox,
    api,
    held,
    watchers,
  }) => {
    const waiting = getter(api)(held, { prefer: 'wait=30' });
    await untilOne(watchers);
    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${held}`);
    expect((await waiting).status).toBe(404);
  });

  it('applies at most 50 seconds, and ignores a malformed wait', async ({ api }) => {
    const get = getter(api);
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const long = await get(id, { prefer: 'wait=86400' });
    expect(long.headers.get('preference-applied')).toBe('wait=50');
    const nonsense = await get(id, { prefer: 'wait=soon, respond-async' });
    expect(nonsense.status).toBe(200);
    expect(nonsense.headers.get('preference-applied')).toBeNull();
  });

  it('responds with Alfresco’s failure when it still fails at the end of the wait', async ({
    sandbox,
    api,
    held,
    watchers,
  }) => {
    const waiting = getter(api)(held, { prefer: 'wait=1' });
    await untilOne(watchers);
    sandbox.fail({ kind: 'html', status: 500 }, ALL_DOWNLOADS);
    expect((await waiting).status).toBe(502);
  });

  it('stops waiting when the client disconnects', async ({ api, held, watchers }) => {
    const abort = new AbortController();
    const waiting = getter(api)(held, { prefer: 'wait=30' }, abort.signal);
    const outcome = waiting.catch(() => 'disconnected');
    await untilOne(watchers);
    abort.abort();
    await expect(outcome).resolves.toBe('disconnected');
    await until(watchers, (count) => count === 0);
  });

  it('responds when the service is stopped', async ({ sandbox }) => {
    const other = await startBff(sandbox.url);
    sandbox.bytesPerSecond = 0;
    const api = DownloadsApi.ofBff(other.url);
    const id = await api.start([SAMPLE_NODES.largeFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const waiting = getter(api)(id, { prefer: 'wait=30' });
    await untilOne(() => watchersOf(other));
    const [{ status }] = await Promise.all([waiting, other.close()]);
    expect(status).toBe(200);
  });
});

describe('GET /downloads/{id} without a wait', () => {
  it('responds with 304 while the caller’s copy is current', async ({ api, held }) => {
    const get = getter(api);
    const { headers } = await get(held);
    expect((await get(held, { 'if-none-match': headers.get('etag')! })).status).toBe(304);
    expect((await get(held, { 'if-none-match': '*' })).status).toBe(304);
    expect((await get(held, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('is never staler than STATUS_FRESHNESS_MS', async ({ sandbox, api, held }) => {
    const get = getter(api);
    await get(held);
    sandbox.bytesPerSecond = undefined;
    await DownloadsApi.ofAlfresco(sandbox.url).waitUntilFinished(held);
    await sleep(FRESHNESS_MS + 10);
    expect((await get(held)).entry!.status).toBe('DONE');
  });

  it('calls Alfresco once for concurrent callers', async ({ api, held, statusRequests }) => {
    const get = getter(api);
    await sleep(FRESHNESS_MS + 10);
    const before = statusRequests(held).length;
    const begun = performance.now();
    const all = await Promise.all(Array.from({ length: 50 }, () => get(held)));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    // On a busy machine, the fifty may take longer than a state is fresh.
    const lapses = Math.floor((performance.now() - begun) / FRESHNESS_MS);
    expect(statusRequests(held).length - before).toBeLessThanOrEqual(1 + lapses);
  });

  it('does not call Alfresco again about a download that has ended, and notices its removal', async ({
    sandbox,
    api,
  }) => {
    const get = getter(api);
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    for (let i = 0; i < 5; i++) expect((await get(id)).entry!.status).toBe('DONE');
    expect(sandbox.requests).toEqual([]);
    await api.request('DELETE', `/nodes/${id}`);
    expect((await get(id)).status).toBe(404);
  });
});

describe('GET /downloads', () => {
  it('has Retry-After while one of them runs', async ({ sandbox, api, held }) => {
    const running = await api.request('GET', '/downloads?maxItems=1');
    expect(running.headers.get('retry-after')).toBe('1');
    sandbox.bytesPerSecond = undefined;
    await api.waitUntilFinished(held);
    const ended = await api.request('GET', '/downloads?maxItems=1');
    expect(ended.headers.get('retry-after')).toBeNull();
  });
});

describe('POST /downloads with Prefer: wait', () => {
  it('responds with the finished download', async ({ api }) => {
    const prefer = 'wait=20';
    const { status, headers, entry } = await post(api, [SAMPLE_NODES.textFile], { prefer });
    expect(status).toBe(202);
    expect(entry.status).toBe('DONE');
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(headers.get('retry-after')).toBeNull();
    expect(headers.get('location')).toBe(`/downloads/${entry.id}`);
  });

  it('responds with the running download when it is not finished in time', async ({
    sandbox,
    api,
  }) => {
    sandbox.bytesPerSecond = 0;
    const prefer = 'wait=1';
    const { status, headers, entry } = await post(api, [SAMPLE_NODES.largeFile], { prefer });
    expect(status).toBe(202);
    expect(entry.status).toBe('IN_PROGRESS');
    expect(headers.get('retry-after')).toBe('1');
  });

  it('responds with 202 once the download exists, whatever Alfresco responds afterwards', async ({
    sandbox,
    api,
  }) => {
    sandbox.fail({ kind: 'html', status: 500 }, ALL_DOWNLOADS);
    const { status, entry } = await post(api, [SAMPLE_NODES.textFile], { prefer: 'wait=1' });
    expect(status).toBe(202);
    expect(entry).toMatchObject({ status: 'PENDING', id: expect.any(String) as string });
  });

  it('also responds with the finished download to a second request with the same Idempotency-Key', async ({
    api,
  }) => {
    const headers = { prefer: 'wait=20', 'idempotency-key': 'long-poll-1' };
    const first = await post(api, [SAMPLE_NODES.textFile], headers);
    const second = await post(api, [SAMPLE_NODES.textFile], headers);
    expect(second.entry).toEqual(first.entry);
  });
});
