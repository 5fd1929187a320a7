import { Environment } from '#service/config/environment.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { Scrape } from '../harness/scrape.js';

let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;

beforeEach(async () => {
  // A download that never moves, so that Alfresco has to be asked about it again.
  sandbox = await startSandbox({ bytesPerSecond: 0 });
  bff = await startBff(sandbox.url);
  api = DownloadsApi.ofBff(bff.url);
});
afterEach(async () => {
  await bff.close();
  await sandbox.close();
});

/** How often the store was asked so far, by operation. */
async function storeOperations(operation: string): Promise<number> {
  const labels = { operation, outcome: 'ok' };
  const scrape = await Scrape.of(bff.url);
  return scrape.value('bff_registry_operation_duration_seconds_count', labels) ?? 0;
}

const looks = () => sandbox.requests.filter(({ method }) => method === 'GET').length;

/** Counts, not times: what makes a read dear is what it asks others for. */
describe('reading the status of a download', () => {
  it('costs Alfresco one call for as long as its answer is fresh, however many read at the same time', async () => {
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    sandbox.clearRequests();
    const begun = performance.now();
    await Promise.all(Array.from({ length: 100 }, () => api.status(id)));
    // One, unless the machine is so busy that the hundred need longer than an answer is fresh.
    const { STATUS_FRESHNESS_MS } = new Environment();
    const lapses = Math.floor((performance.now() - begun) / STATUS_FRESHNESS_MS);
    expect(looks()).toBeGreaterThanOrEqual(1);
    expect(looks()).toBeLessThanOrEqual(1 + lapses);
  });

  it('costs Alfresco at most five calls a second, however often it is read', async () => {
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    sandbox.clearRequests();
    const begun = performance.now();
    let reads = 0;
    while (performance.now() - begun < 1500) {
      await api.status(id);
      reads += 1;
    }
    const seconds = (performance.now() - begun) / 1000;
    expect(reads).toBeGreaterThan(20);
    expect(looks()).toBeLessThanOrEqual(5 * seconds + 1);
  });

  it('costs Alfresco nothing once it has ended', async () => {
    sandbox.bytesPerSecond = undefined;
    const id = await api.make([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    for (let reads = 0; reads < 50; reads += 1) await api.status(id);
    expect(looks()).toBe(0);
  });

  it('asks the store for its owner once', async () => {
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    const before = await storeOperations('owner_of');
    for (let reads = 0; reads < 50; reads += 1) await api.status(id);
    expect((await storeOperations('owner_of')) - before).toBe(1);
  });

  it('needs no more connections to Alfresco than there are calls at a time', async () => {
    const ids = await Promise.all(
      Array.from({ length: 5 }, () => api.start([SAMPLE_NODES.mediumFile])),
    );
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(ids.map((id) => api.status(id)));
    }
    expect(sandbox.openConnections).toBeLessThanOrEqual(5);
  });
});
