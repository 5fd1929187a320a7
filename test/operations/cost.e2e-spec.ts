import type { Sandbox } from '../../sandbox/sandbox.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { configured } from '../harness/fixtures.js';
import { Scrape } from '../harness/scrape.js';

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
