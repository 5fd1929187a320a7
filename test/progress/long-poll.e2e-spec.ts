import { setTimeout as sleep } from 'node:timers/promises';
import { ProgressTracker } from '#service/downloads/progress/progress.tracker.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { type DownloadBody, DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';

const FRESHNESS_MS = 50;

let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, { STATUS_FRESHNESS_MS: String(FRESHNESS_MS) });
  api = DownloadsApi.ofBff(bff.url);
});
beforeEach(() => {
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

async function look(id: string, headers: Record<string, string> = {}, signal?: AbortSignal) {
  const answer = await api.request('GET', `/downloads/${id}`, { headers, signal });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    entry: text ? (JSON.parse(text) as { entry: DownloadBody }).entry : undefined,
  };
}

async function post(nodeIds: readonly string[], headers: Record<string, string>) {
  const answer = await api.request('POST', '/downloads', {
    body: JSON.stringify({ nodeIds }),
    headers: { 'content-type': 'application/json', ...headers },
  });
  const { entry } = (await answer.json()) as { entry: DownloadBody };
  return { status: answer.status, headers: answer.headers, entry };
}

/** A download that has begun and stands still. */
async function held(): Promise<string> {
  sandbox.bytesPerSecond = 0;
  const id = await api.start([SAMPLE_NODES.mediumFile]);
  await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
  return id;
}

describe('GET with Prefer: wait', () => {
  it('answers as soon as something has changed', async () => {
    const id = await held();
    const waiting = look(id, { prefer: 'wait=30' });
    await until(watchers, (count) => count === 1);
    sandbox.bytesPerSecond = undefined;
    const { status, headers, entry } = await waiting;
    expect(status).toBe(200);
    expect(headers.get('preference-applied')).toBe('wait=30');
    expect(entry!.bytesAdded).toBeGreaterThan(20_480);
  });

  it('answers what it is when time is over and nothing has changed', async () => {
    const id = await held();
    const { status, headers, entry } = await look(id, { prefer: 'wait=1' });
    expect(status).toBe(200);
    expect(headers.get('retry-after')).toBe('1');
    expect(entry!.status).toBe('IN_PROGRESS');
  });

  it('answers at once when the caller’s copy is out of date, and waits while it is not', async () => {
    const id = await held();
    const { headers } = await look(id);
    const etag = headers.get('etag')!;
    const unchanged = await look(id, { prefer: 'wait=1', 'if-none-match': etag });
    expect(unchanged).toMatchObject({ status: 304, entry: undefined });
    expect(unchanged.headers.get('etag')).toBe(etag);
    expect(unchanged.headers.get('retry-after')).toBe('1');
    const old = await look(id, { prefer: 'wait=30', 'if-none-match': '"PENDING.0.0.0.0"' });
    expect(old).toMatchObject({ status: 200, entry: { status: 'IN_PROGRESS' } });
  });

  it('answers at once when the download has ended', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const { headers, entry } = await look(id, { prefer: 'wait=30' });
    expect(entry!.status).toBe('DONE');
    expect(headers.get('retry-after')).toBeNull();
    const again = await look(id, { prefer: 'wait=30', 'if-none-match': headers.get('etag')! });
    expect(again.status).toBe(304);
  });

  it('answers 404 when the download is removed meanwhile', async () => {
    const id = await held();
    const waiting = look(id, { prefer: 'wait=30' });
    await until(watchers, (count) => count === 1);
    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
    expect((await waiting).status).toBe(404);
  });

  it('applies at most 50 seconds, and ignores a wait that it cannot read', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const long = await look(id, { prefer: 'wait=86400' });
    expect(long.headers.get('preference-applied')).toBe('wait=50');
    const nonsense = await look(id, { prefer: 'wait=soon, respond-async' });
    expect(nonsense.status).toBe(200);
    expect(nonsense.headers.get('preference-applied')).toBeNull();
  });

  it('answers what Alfresco’s failure is when it fails to the end of the wait', async () => {
    const id = await held();
    const waiting = look(id, { prefer: 'wait=1' });
    await until(watchers, (count) => count === 1);
    sandbox.fail({ kind: 'html', status: 500 }, { path: /\/downloads\//, times: Infinity });
    expect((await waiting).status).toBe(502);
  });

  it('waits for nobody when the caller has left', async () => {
    const id = await held();
    const abort = new AbortController();
    const waiting = look(id, { prefer: 'wait=30' }, abort.signal).catch(() => 'left');
    await until(watchers, (count) => count === 1);
    abort.abort();
    await expect(waiting).resolves.toBe('left');
    await until(watchers, (count) => count === 0);
  });

  it('is answered when the service is stopped', async () => {
    const other = await startBff(sandbox.url);
    sandbox.bytesPerSecond = 0;
    const otherApi = DownloadsApi.ofBff(other.url);
    const id = await otherApi.start([SAMPLE_NODES.mediumFile]);
    await otherApi.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const waiting = otherApi.request('GET', `/downloads/${id}`, { headers: { prefer: 'wait=30' } });
    const tracker = other.app.get(ProgressTracker, { strict: false });
    await until(
      () => tracker.watcherCount,
      (count) => count === 1,
    );
    const [answer] = await Promise.all([waiting, other.close()]);
    expect(answer.status).toBe(200);
  });
});

describe('GET without a wait', () => {
  it('is answered with 304 while the caller’s copy is current', async () => {
    const id = await held();
    const { headers } = await look(id);
    expect((await look(id, { 'if-none-match': headers.get('etag')! })).status).toBe(304);
    expect((await look(id, { 'if-none-match': '*' })).status).toBe(304);
    expect((await look(id, { 'if-none-match': '"other"' })).status).toBe(200);
  });

  it('is never older than STATUS_FRESHNESS_MS', async () => {
    const id = await held();
    await look(id);
    sandbox.bytesPerSecond = undefined;
    const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
    await alfresco.finished(id);
    await sleep(60);
    expect((await look(id)).entry!.status).toBe('DONE');
  });

  it('asks Alfresco once for callers who ask at the same time', async () => {
    const id = await held();
    await sleep(60);
    sandbox.clearRequests();
    const begun = performance.now();
    const all = await Promise.all(Array.from({ length: 50 }, () => look(id)));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    // A busy machine may need longer for the fifty than an answer is fresh.
    const lapses = Math.floor((performance.now() - begun) / FRESHNESS_MS);
    expect(sandbox.requests.length).toBeLessThanOrEqual(1 + lapses);
  });

  it('does not ask Alfresco again about a download that has ended, and knows when it is removed', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    for (let i = 0; i < 5; i++) expect((await look(id)).entry!.status).toBe('DONE');
    expect(sandbox.requests).toEqual([]);
    await api.request('DELETE', `/nodes/${id}`);
    expect((await look(id)).status).toBe(404);
  });
});

describe('GET /downloads', () => {
  it('says when to ask again while one of them runs', async () => {
    const id = await held();
    const running = await api.request('GET', '/downloads?maxItems=1');
    expect(running.headers.get('retry-after')).toBe('1');
    sandbox.bytesPerSecond = undefined;
    await api.finished(id);
    const ended = await api.request('GET', '/downloads?maxItems=1');
    expect(ended.headers.get('retry-after')).toBeNull();
  });
});

describe('POST with Prefer: wait', () => {
  it('answers with the finished download', async () => {
    const { status, headers, entry } = await post([SAMPLE_NODES.textFile], { prefer: 'wait=20' });
    expect(status).toBe(202);
    expect(entry.status).toBe('DONE');
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(headers.get('retry-after')).toBeNull();
    expect(headers.get('location')).toBe(`/downloads/${entry.id}`);
  });

  it('answers with the running download when time is over', async () => {
    sandbox.bytesPerSecond = 0;
    const { status, headers, entry } = await post([SAMPLE_NODES.mediumFile], { prefer: 'wait=1' });
    expect(status).toBe(202);
    expect(entry.status).toBe('IN_PROGRESS');
    expect(headers.get('retry-after')).toBe('1');
  });

  it('says that the download was made whatever Alfresco answers afterwards', async () => {
    sandbox.fail({ kind: 'html', status: 500 }, { path: /\/downloads\//, times: Infinity });
    const { status, entry } = await post([SAMPLE_NODES.textFile], { prefer: 'wait=1' });
    expect(status).toBe(202);
    expect(entry).toMatchObject({ status: 'PENDING', id: expect.any(String) as string });
  });

  it('answers with the finished download to a repeated request, too', async () => {
    const headers = { prefer: 'wait=20', 'idempotency-key': 'long-poll-1' };
    const first = await post([SAMPLE_NODES.textFile], headers);
    const second = await post([SAMPLE_NODES.textFile], headers);
    expect(second.entry).toEqual(first.entry);
  });
});
