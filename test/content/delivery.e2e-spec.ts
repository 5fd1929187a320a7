import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { ServiceProcess } from '../harness/service-process.js';
import { readZip } from '../harness/zip.js';

let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, { STATUS_FRESHNESS_MS: '50', STALL_AFTER_MS: '500' });
  api = DownloadsApi.ofBff(bff.url);
});
beforeEach(() => {
  sandbox.bytesPerSecond = undefined;
  sandbox.clearRequests();
});
afterEach(async () => {
  sandbox.clearFaults();
  // Whatever happened: nothing stays behind.
  await until(
    () => sandbox.downloadIds(),
    (ids) => ids.length === 0,
  );
  const list = await api.request('GET', '/downloads');
  expect(await list.json()).toMatchObject({ list: { pagination: { totalItems: 0 } } });
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

function deliver(
  nodeIds: readonly string[],
  { path = '/downloads/content', headers = {}, signal, from = api }: DeliverOptions = {},
): Promise<Response> {
  return from.request('POST', path, {
    body: JSON.stringify({ nodeIds }),
    headers: { 'content-type': 'application/json', ...headers },
    signal,
  });
}

interface DeliverOptions {
  path?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  from?: DownloadsApi;
}

const problemOf = async (answer: Response) =>
  (await answer.json()) as { code: string; detail: string };
const theOnlyDownload = () =>
  until(
    () => sandbox.downloadIds(),
    (ids) => ids.length === 1,
  );

describe('POST /downloads/content', () => {
  it('answers with the ZIP under its name, and leaves no download behind', async () => {
    const answer = await deliver([SAMPLE_NODES.projectsFolder]);
    expect(answer.status).toBe(200);
    const body = Buffer.from(await answer.arrayBuffer());
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="Projects.zip"',
      'content-length': String(body.length),
      'accept-ranges': 'none',
      'cache-control': 'no-store',
    });
    expect(await readZip(body)).toHaveLength(11);
  });

  it('waits as long as it takes, and sends what is large', async () => {
    sandbox.bytesPerSecond = 100_000_000;
    const answer = await deliver([SAMPLE_NODES.largeFile]);
    const body = Buffer.from(await answer.arrayBuffer());
    const [entry] = await readZip(body);
    expect(entry!.bytes).toHaveLength(220_000_000);
  });

  it('takes no notice of ranges and conditions', async () => {
    const answer = await deliver([SAMPLE_NODES.textFile], {
      headers: { range: 'bytes=0-3', 'if-match': '"x"', 'if-none-match': '*', prefer: 'wait=1' },
    });
    expect(answer.status).toBe(200);
    expect(await readZip(Buffer.from(await answer.arrayBuffer()))).toHaveLength(1);
  });

  it.each([
    ['a node that does not exist', 'nope', 404, 'NODE_NOT_FOUND'],
    ['a node that may not be read', SAMPLE_NODES.forbiddenFile, 403, 'NODE_FORBIDDEN'],
    ['an archived file', SAMPLE_NODES.archivedFile, 412, 'CONTENT_ARCHIVED'],
    ['an id that is none', '..', 400, 'VALIDATION_FAILED'],
  ])('refuses %s as ever', async (_name, id, status, code) => {
    const answer = await deliver([id]);
    expect(answer.status).toBe(status);
    expect(await problemOf(answer)).toMatchObject({ code });
  });

  it('says that a job has crashed once it has stalled', async () => {
    const answer = await deliver([SAMPLE_NODES.crashingFile]);
    expect(answer.status).toBe(504);
    expect(await problemOf(answer)).toMatchObject({ code: 'ALFRESCO_TIMEOUT' });
  });

  it('says that the ZIP is too large', async () => {
    const small = await startSandbox({ maxContentSize: 5 });
    const other = await startBff(small.url);
    const from = DownloadsApi.ofBff(other.url);
    const answer = await deliver([SAMPLE_NODES.textFile], { from });
    expect(answer.status).toBe(409);
    expect(answer.headers.get('retry-after')).toBeNull();
    expect((await problemOf(answer)).detail).toContain('MAX_CONTENT_SIZE_EXCEEDED');
    await until(
      () => small.downloadIds(),
      (ids) => ids.length === 0,
    );
    await other.close();
    await small.close();
  });

  it('says so when it is cancelled, or removed, from elsewhere', async () => {
    const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
    sandbox.bytesPerSecond = 40_000_000;
    const cancelled = deliver([SAMPLE_NODES.largeFile]);
    const [id] = await theOnlyDownload();
    await alfresco.request('DELETE', `/downloads/${id}`);
    expect((await problemOf(await cancelled)).detail).toContain('CANCELLED');
    await until(
      () => sandbox.downloadIds(),
      (ids) => ids.length === 0,
    );

    const removed = deliver([SAMPLE_NODES.largeFile]);
    const [other] = await theOnlyDownload();
    await alfresco.request('DELETE', `/nodes/${other}`);
    expect((await removed).status).toBe(404);
  });

  it('cancels and removes the download when the caller leaves before the ZIP is there', async () => {
    sandbox.bytesPerSecond = 40_000_000;
    const abort = new AbortController();
    const answer = deliver([SAMPLE_NODES.largeFile], { signal: abort.signal }).catch(() => 'left');
    const [id] = await theOnlyDownload();
    abort.abort();
    await expect(answer).resolves.toBe('left');
    await until(
      () => sandbox.downloadIds(),
      (ids) => ids.length === 0,
    );
    const deeds = sandbox.requests.filter(({ method }) => method === 'DELETE');
    expect(deeds.map(({ url }) => url.split('/').at(-2))).toEqual(['downloads', 'nodes']);
    expect(deeds.every(({ url }) => url.endsWith(id!))).toBe(true);
  });

  it('removes the download when the caller leaves while Alfresco is still asked for it', async () => {
    sandbox.fail({ kind: 'delay', ms: 500 }, { method: 'POST' });
    const abort = new AbortController();
    const answer = deliver([SAMPLE_NODES.textFile], { signal: abort.signal }).catch(() => 'left');
    await until(
      () => sandbox.requests.length,
      (count) => count === 1,
    );
    abort.abort();
    await answer;
    await theOnlyDownload();
  });

  it('removes the download when the caller leaves in the middle of the ZIP', async () => {
    const answer = await deliver([SAMPLE_NODES.largeFile]);
    await answer.body!.cancel();
    await until(
      () => sandbox.activeResponses,
      (count) => count === 0,
    );
  });

  it('cuts the connection when the ZIP ends short and cannot go on, and removes the download', async () => {
    const impatient = await startBff(sandbox.url, { ALFRESCO_IDLE_TIMEOUT_MS: '300' });
    const path = /\/content$/;
    sandbox.fail({ kind: 'truncate', afterBytes: 100 }, { path });
    sandbox.fail({ kind: 'reset' }, { path, times: Infinity });
    const from = DownloadsApi.ofBff(impatient.url);
    const answer = await deliver([SAMPLE_NODES.projectsFolder], { from });
    expect(answer.status).toBe(200);
    const end = await answer.arrayBuffer().then(
      () => 'whole',
      () => 'cut',
    );
    expect(end).toBe('cut');
    await until(
      () => sandbox.downloadIds(),
      (ids) => ids.length === 0,
    );
    await impatient.close();
  });

  it.each([
    ['/downloads?deliver=content', {}, 'deliver', /POST \/downloads\/content/],
    ['/downloads?deliver=', {}, 'deliver', /POST \/downloads\/content/],
    ['/downloads/content', { 'idempotency-key': 'k' }, 'Idempotency-Key', /only once/],
  ])('refuses %s with %j before Alfresco is asked', async (path, headers, parameter, detail) => {
    const answer = await deliver([SAMPLE_NODES.textFile], { path, headers });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ parameter, detail: expect.stringMatching(detail) as string }],
    });
    expect(sandbox.requests).toEqual([]);
  });

  it('answers 503 and leaves nothing behind when the service is stopped meanwhile', async () => {
    const service = await ServiceProcess.start(sandbox.url);
    sandbox.bytesPerSecond = 40_000_000;
    const answer = deliver([SAMPLE_NODES.largeFile], { from: DownloadsApi.ofBff(service.url!) });
    await theOnlyDownload();
    expect(await service.stop()).toBe(0);
    expect((await answer).status).toBe(503);
    expect(sandbox.downloadIds()).toEqual([]);
  });
});
