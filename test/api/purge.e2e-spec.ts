import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { createCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';

const { textFile, secondTextFile } = SAMPLE_NODES;

/** Tests of a service that polls Alfresco as often as possible. */
const it = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '1' },
  pacing: { polling: { fastestMs: 5 } },
});

/** Tests of a service that soon stops waiting for a slow job. */
const TIMEOUT_MS = 1500;
const withShortTimeout = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '1', ALFRESCO_TIMEOUT_MS: String(TIMEOUT_MS) },
  pacing: { polling: { fastestMs: 5, slowestMs: 50 } },
});

/** Tests of a service that soon considers a job crashed. */
const withEarlyStall = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '1', STALL_AFTER_MS: '100' },
  pacing: { polling: { fastestMs: 5 } },
});

const purge = (api: DownloadsApi, id: string, query = '?purge=true') =>
  api.request('DELETE', `/downloads/${id}${query}`);

type Step = 'cancel' | 'remove' | 'read';

/** The requests to Alfresco about this download, in order. */
function steps({ requests }: Sandbox, id: string): Step[] {
  return requests
    .filter(({ url }) => url.endsWith(id))
    .map(({ method, url }) => {
      if (method !== 'DELETE') return 'read';
      return url.includes('/nodes/') ? 'remove' : 'cancel';
    });
}

/** The requests among them that change something. */
const changes = (sandbox: Sandbox, id: string) =>
  steps(sandbox, id).filter((step) => step !== 'read') as string[];

async function expectGone(sandbox: Sandbox, api: DownloadsApi, id: string): Promise<void> {
  expect(sandbox.downloadIds()).not.toContain(id);
  expect((await api.request('GET', `/downloads/${id}`)).status).toBe(404);
}

describe('DELETE /downloads/{id} with purge=true', () => {
  it('cancels a running download, waits until its job notices, and removes the node', async ({
    api,
    sandbox,
  }) => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([textFile, secondTextFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const purging = purge(api, id);
    // However often the service polls, it does not remove a node that the job still works on.
    const requested = await until(
      () => steps(sandbox, id),
      (known) => known.includes('cancel') && known.length - known.indexOf('cancel') > 3,
    );
    expect(requested).not.toContain('remove');
    sandbox.bytesPerSecond = undefined;
    const response = await purging;
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(changes(sandbox, id)).toEqual(['cancel', 'remove']);
    expect(steps(sandbox, id).slice(-2)).toEqual(['read', 'remove']);
    await expectGone(sandbox, api, id);
  });

  it('removes one that ends while it is being cancelled', async ({ api, sandbox }) => {
    const id = await api.start([SAMPLE_NODES.emptyFolder]);
    expect((await purge(api, id)).status).toBe(204);
    expect(changes(sandbox, id).at(-1)).toBe('remove');
    await expectGone(sandbox, api, id);
  });

  it('removes one that has ended without cancelling it', async ({ api, sandbox }) => {
    const id = await api.createFinished([textFile]);
    expect((await purge(api, id)).status).toBe(204);
    expect(changes(sandbox, id)).toEqual(['remove']);
    await expectGone(sandbox, api, id);
  });

  withEarlyStall(
    'removes one whose job has crashed, and so never notices the cancellation',
    async ({ api, sandbox }) => {
      const id = await api.startStuck();
      expect((await purge(api, id)).status).toBe(204);
      expect(changes(sandbox, id)).toEqual(['cancel', 'remove']);
      await expectGone(sandbox, api, id);
    },
  );

  it.for(['cancel', 'remove'] as const)(
    'succeeds when another client of Alfresco removes it before the %s',
    async (step, { api, sandbox }) => {
      sandbox.bytesPerSecond = 0;
      const id = await api.start([textFile, secondTextFile]);
      await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
      const path = step === 'cancel' ? /\/downloads\// : /\/nodes\//;
      sandbox.fail({ kind: 'delay', ms: 300 }, { method: 'DELETE', path });
      const purging = purge(api, id);
      await untilRequested(sandbox, id, 'cancel');
      if (step === 'remove') sandbox.bytesPerSecond = undefined;
      await untilRequested(sandbox, id, step);
      await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
      expect((await purging).status).toBe(204);
      await expectGone(sandbox, api, id);
    },
  );

  it('is also how DELETE /nodes/{id} treats a running download', async ({ api, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([textFile, secondTextFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const removing = api.request('DELETE', `/nodes/${id}`);
    await untilRequested(sandbox, id, 'cancel');
    sandbox.bytesPerSecond = undefined;
    expect((await removing).status).toBe(204);
    expect(changes(sandbox, id)).toEqual(['cancel', 'remove']);
    expect(steps(sandbox, id).slice(-2)).toEqual(['read', 'remove']);
    await expectGone(sandbox, api, id);
  });

  it('can be retried when Alfresco fails', async ({ api, sandbox }) => {
    const id = await api.createFinished([textFile]);
    sandbox.fail({ kind: 'status', status: 500 }, { method: 'DELETE', path: /\/nodes\// });
    expect((await purge(api, id)).status).toBe(502);
    expect((await purge(api, id)).status).toBe(204);
    await expectGone(sandbox, api, id);
  });

  it('is rejected for another caller, and responds with 404 to unknown downloads', async ({
    api,
    bff,
    sandbox,
  }) => {
    const id = await api.createFinished([textFile]);
    sandbox.clearRequests();
    const other = new DownloadsApi(bff.url, createCaller().headers);
    expect((await purge(other, id)).status).toBe(403);
    expect((await purge(api, 'nope')).status).toBe(404);
    expect(sandbox.requests).toEqual([]);
  });

  it.for(['?purge=yes', '?purge=', '?purge=TRUE', '?purge=true&purge=true'])(
    'is rejected as %s, without any effect',
    async (query, { api, sandbox }) => {
      const id = await api.createFinished([textFile]);
      const response = await purge(api, id, query);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: 'VALIDATION_FAILED',
        errors: [{ parameter: 'purge' }],
      });
      expect(changes(sandbox, id)).toEqual([]);
    },
  );
});

/** A download whose job is busy, and does not check for cancellation meanwhile. */
const startBusy = async (api: DownloadsApi) => {
  const id = await api.start([textFile, secondTextFile]);
  await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
  return id;
};

describe('removing a download whose job notices the cancellation late', () => {
  const REQUESTS = ['DELETE /downloads/{id}?purge=true', 'DELETE /nodes/{id}'] as const;

  withShortTimeout.beforeEach(({ sandbox }) => {
    sandbox.bytesPerSecond = 0;
  });

  const removeBy = (way: (typeof REQUESTS)[number], api: DownloadsApi, id: string) =>
    way.includes('purge') ? purge(api, id) : api.request('DELETE', `/nodes/${id}`);

  withShortTimeout.for(REQUESTS)(
    'takes at most ALFRESCO_TIMEOUT_MS with %s, and the node is removed once the job has noticed',
    async (way, { api, sandbox }) => {
      const id = await startBusy(api);
      const startedAt = performance.now();
      expect((await removeBy(way, api, id)).status).toBe(204);
      expect(performance.now() - startedAt).toBeGreaterThan(TIMEOUT_MS - 100);
      // Gone for the caller, but not for its job yet.
      expect((await api.request('GET', `/downloads/${id}`)).status).toBe(404);
      expect((await removeBy(way, api, id)).status).toBe(404);
      expect(await (await api.request('GET', '/downloads')).json()).toMatchObject({
        list: { entries: [] },
      });
      expect(changes(sandbox, id)).toEqual(['cancel']);
      expect(sandbox.downloadIds()).toContain(id);
      sandbox.bytesPerSecond = undefined;
      await until(
        () => sandbox.downloadIds(),
        (ids) => !ids.includes(id),
      );
      expect(steps(sandbox, id).slice(-2)).toEqual(['read', 'remove']);
      expect(changes(sandbox, id)).toEqual(['cancel', 'remove']);
    },
  );

  withShortTimeout('frees its Idempotency-Key', async ({ api }) => {
    const create = async () => {
      const response = await api.request('POST', '/downloads', {
        headers: { 'content-type': 'application/json', 'idempotency-key': 'again' },
        body: JSON.stringify({ nodeIds: [textFile, secondTextFile] }),
      });
      return ((await response.json()) as { entry: { id: string } }).entry.id;
    };
    const first = await create();
    await api.waitFor(first, ({ status }) => status === 'IN_PROGRESS');
    expect((await purge(api, first)).status).toBe(204);
    expect(await create()).not.toBe(first);
  });

  withShortTimeout('is finished before the service stops', async ({ sandbox }) => {
    const service = await startBff(sandbox.url, { ALFRESCO_TIMEOUT_MS: String(TIMEOUT_MS) });
    const api = DownloadsApi.ofBff(service.url);
    const id = await startBusy(api);
    expect((await purge(api, id)).status).toBe(204);
    const closed = service.close();
    sandbox.bytesPerSecond = undefined;
    await closed;
    expect(changes(sandbox, id)).toEqual(['cancel', 'remove']);
  });

  withShortTimeout(
    'is left to Alfresco’s clean-up when the service stops earlier',
    async ({ sandbox }) => {
      let log = '';
      const service = await startBff(
        sandbox.url,
        { ALFRESCO_TIMEOUT_MS: String(TIMEOUT_MS) },
        { onLine: (line) => (log += line) },
      );
      const api = DownloadsApi.ofBff(service.url);
      const id = await startBusy(api);
      expect((await purge(api, id)).status).toBe(204);
      await service.close();
      expect(changes(sandbox, id)).toEqual(['cancel']);
      expect(log).toContain(`download ${id} is cancelled, and left to the clean-up of Alfresco`);
    },
  );
});

describe('DELETE /downloads/{id} with purge=false', () => {
  it('only cancels', async ({ api, sandbox }) => {
    const id = await api.createFinished([textFile]);
    expect((await purge(api, id, '?purge=false')).status).toBe(202);
    expect(changes(sandbox, id)).toEqual(['cancel']);
    expect(sandbox.downloadIds()).toContain(id);
  });
});

/** Polls fast enough that Alfresco has not carried out the request yet. */
function untilRequested(sandbox: Sandbox, id: string, step: Step): Promise<readonly string[]> {
  return until(
    () => changes(sandbox, id),
    (known) => known.includes(step),
    { everyMs: 1 },
  );
}
