import { join } from 'node:path';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { Scrape } from '../harness/scrape.js';
import { BUILT_SERVICE, ServiceProcess } from '../harness/service-process.js';

/**
 * The most that a status read may cost that needs no call to Alfresco. Lower it when a read costs less: promises to what the test
 * measures, which is the same on every machine; bytes to a quarter more, for they depend on what V8 has compiled.
 */
const MOST = { promises: 20, bytes: 50_000 };

const STATUS_FRESHNESS_MS = 200;

/** Tests with downloads that do not progress, so that each stale read calls Alfresco. */
const it = configured({
  sandbox: { bytesPerSecond: 0 },
  variables: { STATUS_FRESHNESS_MS: String(STATUS_FRESHNESS_MS) },
  // Longer than fifty reads on a busy machine.
  pacing: { polling: { finalFreshnessMs: 60_000 } },
});

/** Number of calls to Alfresco about this download so far. */
const callsAbout = (sandbox: Sandbox, id: string) =>
  sandbox.requests.filter(({ method, url }) => method === 'GET' && url.includes(id)).length;

/** Number of calls to the store so far, by operation. */
async function storeOperations(url: string, operation: string): Promise<number> {
  const scrape = await Scrape.of(url);
  return (
    scrape.value('bff_registry_operation_duration_seconds_count', { operation, outcome: 'ok' }) ?? 0
  );
}

/** Counts instead of times: calls to others are what makes a read expensive. */
describe('reading the status of a download', () => {
  it('costs Alfresco one call for as long as its response is fresh, however many clients read it', async ({
    sandbox,
    api,
  }) => {
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    const begun = performance.now();
    await Promise.all(Array.from({ length: 100 }, () => api.status(id)));
    // One, unless a busy machine takes longer for the hundred than a response is fresh.
    const lapses = Math.floor((performance.now() - begun) / STATUS_FRESHNESS_MS);
    expect(callsAbout(sandbox, id)).toBeGreaterThanOrEqual(1);
    expect(callsAbout(sandbox, id)).toBeLessThanOrEqual(1 + lapses);
  });

  it('costs Alfresco at most five calls a second, however often it is read', async ({
    sandbox,
    api,
  }) => {
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    const begun = performance.now();
    const elapsed = () => performance.now() - begun;
    for (let reads = 0; reads < 50 || elapsed() < 4 * STATUS_FRESHNESS_MS; reads += 1) {
      await api.status(id);
    }
    expect(callsAbout(sandbox, id)).toBeGreaterThan(1);
    expect(callsAbout(sandbox, id)).toBeLessThanOrEqual((5 * elapsed()) / 1000 + 1);
  });

  it('costs Alfresco nothing once it has ended', async ({ sandbox, api }) => {
    sandbox.bytesPerSecond = undefined;
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    for (let reads = 0; reads < 50; reads += 1) await api.status(id);
    expect(callsAbout(sandbox, id)).toBe(0);
  });

  it('reads the owner from the store once', async ({ bff, api }) => {
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    const before = await storeOperations(bff.url, 'owner_of');
    for (let reads = 0; reads < 50; reads += 1) await api.status(id);
    expect((await storeOperations(bff.url, 'owner_of')) - before).toBe(1);
  });

  it('needs no more connections to Alfresco than there are concurrent calls', async ({
    sandbox,
    api,
  }) => {
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => api.start([SAMPLE_NODES.mediumFile])),
    );
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(ids.map((id) => api.status(id)));
    }
    expect(sandbox.openConnections).toBeLessThanOrEqual(5);
  });
});

/** Prints on SIGUSR2 how many promises the process has made, and how many bytes it has allocated and not collected. */
const PROBE = `
  import { promiseHooks } from 'node:v8';
  let promises = 0;
  promiseHooks.onInit(() => { promises += 1; });
  process.on('SIGUSR2', () => console.log('used', promises, process.memoryUsage().heapUsed));
`;

/** Reads between two counts, during which Alfresco is usually not called. */
const BATCH = 100;
const BATCHES = 12;

/** Room for everything that the test allocates, so that nothing is collected. */
const NO_COLLECTION = ['--min-semi-space-size=256', '--max-semi-space-size=256'];

/** A service in a process that counts what it uses. */
const counted = it.extend(
  'service',
  { scope: 'file' },
  async ({ runningSandbox }, { onCleanup }) => {
    const probe = `data:text/javascript,${encodeURIComponent(PROBE)}`;
    const main = join(BUILT_SERVICE, 'main.js');
    const command = [process.execPath, ...NO_COLLECTION, '--import', probe, main];
    const service = await ServiceProcess.start(runningSandbox.url, {}, command);
    onCleanup(async () => {
      await service.stop();
    });
    return service;
  },
);

/** What the process has used so far. */
async function usedBy(service: ServiceProcess): Promise<{ promises: number; bytes: number }> {
  const printed = () => [...service.text.matchAll(/^used (\d+) (\d+)$/gm)];
  const before = printed().length;
  service.child.kill('SIGUSR2');
  const lines = await until(printed, ({ length }) => length > before);
  const [, promises, bytes] = lines.at(-1)!;
  return { promises: Number(promises), bytes: Number(bytes) };
}

describe('a status read that needs no call to Alfresco', () => {
  counted(
    'makes no more promises and allocates no more bytes than it used to',
    { timeout: 90_000 },
    async ({ sandbox, service }) => {
      sandbox.bytesPerSecond = undefined;
      const api = DownloadsApi.ofBff(service.url!);
      const id = await api.createFinished([SAMPLE_NODES.textFile]);
      const promises: number[] = [];
      const bytes: number[] = [];
      for (let batch = 0; batch < BATCHES; batch += 1) {
        sandbox.clearRequests();
        const before = await usedBy(service);
        for (let reads = 0; reads < BATCH; reads += 1) await api.status(id);
        const after = await usedBy(service);
        if (callsAbout(sandbox, id) > 0) continue;
        promises.push((after.promises - before.promises) / BATCH);
        bytes.push((after.bytes - before.bytes) / BATCH);
      }
      // The cheapest of all batches: during the others, timers of the service may have run.
      const hint = 'per read: more than before means one more await or object in each request';
      expect(Math.min(...promises), `promises ${hint}`).toBeLessThanOrEqual(MOST.promises);
      expect(Math.min(...bytes), `bytes ${hint}`).toBeLessThanOrEqual(MOST.bytes);
    },
  );
});
