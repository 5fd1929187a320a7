import { createHash } from 'node:crypto';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { ServiceProcess } from '../harness/service-process.js';

const MIB = 1_048_576;
const TWO_GB = 2_000_000_000;

let sandbox: Sandbox;
let service: ServiceProcess;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox({ largeFileBytes: TWO_GB });
  service = await ServiceProcess.start(sandbox.url);
  api = DownloadsApi.ofBff(service.url!);
});
afterAll(async () => {
  await service.stop();
  await sandbox.close();
});

/** A GET whose body is read at the test's own pace, on a connection of its own. */
function open(id: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const url = `${service.url}/downloads/${id}/content`;
    get(url, { headers: AS_ALICE, agent: false }, resolve).once('error', reject);
  });
}

async function read(body: AsyncIterable<Buffer>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

const contentRequest = () => sandbox.requests.findLast(({ url }) => url.endsWith('/content'))!;

describe('a ZIP of 2 GB', { timeout: 240_000 }, () => {
  let id: string;

  beforeAll(async () => {
    id = await api.start([SAMPLE_NODES.largeFile]);
    await until(
      () => api.status(id),
      ({ status }) => status === 'DONE',
      { forMs: 200_000, everyMs: 200 },
    );
  }, 220_000);

  it('streams through whole while the memory of the service grows by less than 64 MB', async () => {
    const warm = await api.make([SAMPLE_NODES.mediumFile]);
    await read(await open(warm));
    const before = await service.memory();
    const through = await read(await open(id));
    const after = await service.memory();
    const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
    const direct = await alfresco.request('GET', `/nodes/${id}/content`);
    expect(through.bytes).toBeGreaterThan(TWO_GB);
    expect(through).toEqual(await read(direct.body as unknown as AsyncIterable<Buffer>));
    console.log(`memory: ${before.now / MIB} MiB before, ${after.peak / MIB} MiB at most`);
    expect(after.peak - before.now).toBeLessThan(64 * 1_000_000);
  });

  it('frees the connection to Alfresco within a second when the caller goes away', async () => {
    const body = await open(id);
    await new Promise((resolve) => body.once('readable', resolve));
    expect(sandbox.activeResponses).toBe(1);
    body.destroy();
    await until(
      () => sandbox.activeResponses,
      (count) => count === 0,
      { forMs: 1000 },
    );
    expect(contentRequest().aborted).toBe(true);
  });

  it('frees the connection also when the caller goes away before the first byte', async () => {
    sandbox.fail({ kind: 'hang' }, { path: /\/content$/ });
    const abort = new AbortController();
    const answer = api.request('GET', `/downloads/${id}/content`, { signal: abort.signal });
    sandbox.clearRequests();
    await until(contentRequest, (request) => request !== undefined);
    abort.abort();
    await expect(answer).rejects.toThrow();
    await until(
      () => contentRequest().aborted,
      (isAborted) => isAborted,
      { forMs: 1000 },
    );
  });

  it('is not asked for when the caller goes away while the download is looked up', async () => {
    sandbox.fail({ kind: 'delay', ms: 300 }, { path: /\/nodes\/[^/]+$/ });
    sandbox.clearRequests();
    const abort = new AbortController();
    const answer = api.request('GET', `/downloads/${id}/content`, { signal: abort.signal });
    await until(
      () => sandbox.requests.length,
      (count) => count === 1,
    );
    abort.abort();
    await expect(answer).rejects.toThrow();
    // Another request, begun later and answered, shows that the first one has been dealt with.
    await sleep(400);
    await api.status(id);
    expect(contentRequest()).toBeUndefined();
  });

  it('is read from Alfresco no faster than the caller reads it', async () => {
    const body = await open(id);
    body.pause();
    // Buffers on the way fill up, then nothing more may come.
    const held = await until(
      async () => {
        const first = contentRequest().bytesSent;
        await sleep(300);
        return contentRequest().bytesSent - first;
      },
      (moved) => moved === 0,
    );
    expect(held).toBe(0);
    expect(contentRequest().bytesSent).toBeLessThan(64 * MIB);
    const before = contentRequest().bytesSent;
    body.resume();
    await until(
      () => contentRequest().bytesSent,
      (bytes) => bytes > before + 64 * MIB,
    );
    body.destroy();
  });
});
