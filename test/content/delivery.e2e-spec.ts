import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { readZip } from '../harness/zip.js';

const it = delivering();
/** Only for the test of a crash: on a busy machine, other jobs could take this long, too. */
const withEarlyStall = delivering({ STALL_AFTER_MS: '300' });

/** Tests in which `largeFile` is too large for a ZIP, and which fail if they leave a download behind. */
function delivering(variables: Record<string, string> = {}) {
  return configured({
    sandbox: { maxContentSize: 100_000_000 },
    variables: { STATUS_FRESHNESS_MS: '20', ...variables },
    pacing: {
      polling: { fastestMs: 10, slowestMs: 50 },
      resume: { firstMs: 2, longestMs: 10 },
      breaker: { firstMs: 1, longestMs: 1 },
    },
  }).extend('untilNothingIsLeft', { auto: true }, ({ sandbox, api }, { onCleanup }) => {
    const untilNothingIsLeft = () =>
      until(
        () => sandbox.downloadIds(),
        (ids) => ids.length === 0,
      );
    onCleanup(async () => {
      sandbox.clearFaults();
      sandbox.bytesPerSecond = undefined;
      await untilNothingIsLeft();
      const list = await api.request('GET', '/downloads');
      expect(await list.json()).toMatchObject({ list: { pagination: { totalItems: 0 } } });
    });
    return untilNothingIsLeft;
  });
}

interface DeliverOptions {
  path?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

function deliver(
  api: DownloadsApi,
  nodeIds: readonly string[],
  { path = '/downloads/content', headers = {}, signal }: DeliverOptions = {},
): Promise<Response> {
  return api.request('POST', path, {
    body: JSON.stringify({ nodeIds }),
    headers: { 'content-type': 'application/json', ...headers },
    signal,
  });
}

const problemOf = async (response: Response) =>
  (await response.json()) as { code: string; detail: string };

/** The id of the download in progress. */
async function theOnlyDownload(sandbox: Sandbox): Promise<string> {
  const [id] = await until(
    () => sandbox.downloadIds(),
    (ids) => ids.length === 1,
  );
  return id!;
}

/** Requests about one download that Alfresco has received. */
const requestsFor = (sandbox: Sandbox, method: string, path: string) =>
  sandbox.requests.filter((request) => request.method === method && request.url.endsWith(path));

const untilRequested = (sandbox: Sandbox, method: string, path: string, times = 1) =>
  until(
    () => requestsFor(sandbox, method, path).length,
    (count) => count >= times,
  );

describe('POST /downloads/content', () => {
  it('responds with the ZIP under its name, and leaves no download behind', async ({ api }) => {
    const response = await deliver(api, [SAMPLE_NODES.projectsFolder]);
    expect(response.status).toBe(200);
    const body = Buffer.from(await response.arrayBuffer());
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="Projects.zip"',
      'content-length': String(body.length),
      'accept-ranges': 'none',
      'cache-control': 'no-store',
    });
    expect(await readZip(body)).toHaveLength(11);
  });

  it('waits as long as Alfresco needs, and sends large ZIPs', async ({ sandbox, api }) => {
    sandbox.bytesPerSecond = 0;
    const delivered = deliver(api, [SAMPLE_NODES.mediumFile]);
    const id = await theOnlyDownload(sandbox);
    await untilRequested(sandbox, 'GET', `/downloads/${id}`, 10);
    sandbox.bytesPerSecond = undefined;
    const [entry] = await readZip(Buffer.from(await (await delivered).arrayBuffer()));
    expect(entry!.bytes).toHaveLength(20_000_000);
  });

  it('ignores ranges and conditions', async ({ api }) => {
    const response = await deliver(api, [SAMPLE_NODES.textFile], {
      headers: { range: 'bytes=0-3', 'if-match': '"x"', 'if-none-match': '*', prefer: 'wait=1' },
    });
    expect(response.status).toBe(200);
    expect(await readZip(Buffer.from(await response.arrayBuffer()))).toHaveLength(1);
  });

  it.for([
    ['a node that does not exist', 'nope', 404, 'NODE_NOT_FOUND'],
    ['a node that may not be read', SAMPLE_NODES.forbiddenFile, 403, 'NODE_FORBIDDEN'],
    ['an archived file', SAMPLE_NODES.archivedFile, 412, 'CONTENT_ARCHIVED'],
    ['an invalid id', '..', 400, 'VALIDATION_FAILED'],
  ] as const)('refuses %s as without delivery', async ([, id, status, code], { api }) => {
    const response = await deliver(api, [id]);
    expect(response.status).toBe(status);
    expect(await problemOf(response)).toMatchObject({ code });
  });

  withEarlyStall('reports that Alfresco’s job has crashed once it has stalled', async ({ api }) => {
    const response = await deliver(api, [SAMPLE_NODES.crashingFile]);
    expect(response.status).toBe(504);
    expect(await problemOf(response)).toMatchObject({ code: 'ALFRESCO_TIMEOUT' });
  });

  it('reports that the ZIP would be too large', async ({ api }) => {
    const response = await deliver(api, [SAMPLE_NODES.largeFile]);
    expect(response.status).toBe(409);
    expect(response.headers.get('retry-after')).toBeNull();
    expect((await problemOf(response)).detail).toContain('MAX_CONTENT_SIZE_EXCEEDED');
  });

  it('reports that the download was cancelled by another client', async ({ sandbox, api }) => {
    sandbox.bytesPerSecond = 0;
    const delivered = deliver(api, [SAMPLE_NODES.mediumFile]);
    const id = await theOnlyDownload(sandbox);
    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/downloads/${id}`);
    // Alfresco checks for a cancellation at its next progress report.
    sandbox.bytesPerSecond = undefined;
    const response = await delivered;
    expect(response.status).toBe(409);
    expect((await problemOf(response)).detail).toContain('CANCELLED');
  });

  it('reports that the download was removed by another client', async ({ sandbox, api }) => {
    sandbox.bytesPerSecond = 0;
    const delivered = deliver(api, [SAMPLE_NODES.mediumFile]);
    const id = await theOnlyDownload(sandbox);
    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
    expect((await delivered).status).toBe(404);
  });

  it('cancels and removes the download when the client disconnects before the ZIP is ready', async ({
    sandbox,
    api,
    untilNothingIsLeft,
  }) => {
    sandbox.bytesPerSecond = 0;
    const abort = new AbortController();
    const delivered = deliver(api, [SAMPLE_NODES.mediumFile], { signal: abort.signal });
    const outcome = delivered.catch(() => 'disconnected');
    const id = await theOnlyDownload(sandbox);
    abort.abort();
    await expect(outcome).resolves.toBe('disconnected');
    await untilRequested(sandbox, 'DELETE', `/downloads/${id}`);
    sandbox.bytesPerSecond = undefined;
    await untilNothingIsLeft();
    const removals = sandbox.requests.filter(({ method }) => method === 'DELETE');
    expect(removals.map(({ url }) => url.split('/').at(-2))).toEqual(['downloads', 'nodes']);
    expect(removals.every(({ url }) => url.endsWith(id))).toBe(true);
  });

  it('removes the download when the client disconnects during the request to Alfresco that creates it', async ({
    sandbox,
    api,
  }) => {
    sandbox.fail({ kind: 'delay', ms: 500 }, { method: 'POST' });
    const abort = new AbortController();
    const delivered = deliver(api, [SAMPLE_NODES.textFile], { signal: abort.signal });
    const outcome = delivered.catch(() => 'disconnected');
    await untilRequested(sandbox, 'POST', '/downloads');
    abort.abort();
    await expect(outcome).resolves.toBe('disconnected');
    await until(
      () =>
        sandbox.requests.find(({ method, url }) => method === 'DELETE' && /\/nodes\//.test(url)),
      (removal) => removal?.status === 204,
    );
  });

  it('removes the download when the client disconnects in the middle of the ZIP', async ({
    sandbox,
    api,
    untilNothingIsLeft,
  }) => {
    sandbox.fail({ kind: 'drip', bytesPerSecond: 100_000 }, { path: /\/content$/ });
    const response = await deliver(api, [SAMPLE_NODES.mediumFile]);
    await response.body!.cancel();
    await until(
      () => sandbox.activeResponses,
      (count) => count === 0,
    );
    await untilNothingIsLeft();
  });

  it('cuts the connection when the ZIP breaks off and cannot be resumed, and removes the download', async ({
    sandbox,
    api,
    untilNothingIsLeft,
  }) => {
    const path = /\/content$/;
    sandbox.fail({ kind: 'truncate', afterBytes: 100 }, { path });
    sandbox.fail({ kind: 'status', status: 404 }, { path });
    const response = await deliver(api, [SAMPLE_NODES.projectsFolder]);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
    await untilNothingIsLeft();
  });

  it.for([
    ['/downloads?deliver=content', {}, 'deliver', /POST \/downloads\/content/],
    ['/downloads?deliver=', {}, 'deliver', /POST \/downloads\/content/],
    ['/downloads/content', { 'idempotency-key': 'k' }, 'Idempotency-Key', /only once/],
  ] as [string, Record<string, string>, string, RegExp][])(
    'rejects %s with %j before calling Alfresco',
    async ([path, headers, parameter, detail], { sandbox, api }) => {
      const response = await deliver(api, [SAMPLE_NODES.textFile], { path, headers });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: 'VALIDATION_FAILED',
        errors: [{ parameter, detail: expect.stringMatching(detail) as string }],
      });
      expect(sandbox.requests).toEqual([]);
    },
  );

  it('responds with 503 and leaves nothing behind when the service is stopped', async ({
    sandbox,
  }) => {
    const bff = await startBff(sandbox.url);
    sandbox.bytesPerSecond = 0;
    const delivered = deliver(DownloadsApi.ofBff(bff.url), [SAMPLE_NODES.mediumFile]);
    await theOnlyDownload(sandbox);
    const stopped = bff.close();
    expect((await delivered).status).toBe(503);
    sandbox.bytesPerSecond = undefined;
    await stopped;
    expect(sandbox.downloadIds()).toEqual([]);
  });
});
