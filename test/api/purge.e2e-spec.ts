import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { createCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';

const { textFile, secondTextFile } = SAMPLE_NODES;

/** Alfresco is asked about each download as often as possible. */
const it = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '1' },
  pacing: { polling: { fastestMs: 5 } },
});

/** A job that takes its time takes too long. */
const TIMEOUT_MS = 1500;
const hurried = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '1', ALFRESCO_TIMEOUT_MS: String(TIMEOUT_MS) },
  pacing: { polling: { fastestMs: 5, slowestMs: 50 } },
});

/** A job that does not move for a moment has crashed. */
const withoutPatience = configured({
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

/** Those of them that change something. */
const changes = (sandbox: Sandbox, id: string) =>
  steps(sandbox, id).filter((step) => step !== 'read') as string[];

async function expectGone(sandbox: Sandbox, api: DownloadsApi, id: string): Promise<void> {
  expect(sandbox.downloadIds()).not.toContain(id);
  expect((await api.request('GET', `/downloads/${id}`)).status).toBe(404);
}

describe('DELETE /downloads/{id} with purge=true', () => {
  it('cancels a running download, lets the job see it, and removes the node', async ({
    api,
    sandbox,
  }) => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([textFile, secondTextFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const purging = purge(api, id);
    // However often the service asks, it does not remove what the job still works on.
    const asked = await until(
      () => steps(sandbox, id),
      (known) => known.includes('cancel') && known.length - known.indexOf('cancel') > 3,
    );
    expect(asked).not.toContain('remove');
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

  withoutPatience(
    'removes one whose job has crashed, which never sees that it is cancelled',
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

  it('is what DELETE /nodes/{id} does with one that runs, too', async ({ api, sandbox }) => {
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

  it('is refused to another caller, and unknown downloads are not found', async ({
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
    'is refused as %s, without doing anything',
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

/** A download whose job works on, and cannot look at anything else. */
const startBusy = async (api: DownloadsApi) => {
  const id = await api.start([textFile, secondTextFile]);
  await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
  return id;
};

describe('removing a download whose job is slow to see that', () => {
  const WAYS = ['DELETE /downloads/{id}?purge=true', 'DELETE /nodes/{id}'] as const;

  hurried.beforeEach(({ sandbox }) => {
    sandbox.bytesPerSecond = 0;
  });

  const removeBy = (way: (typeof WAYS)[number], api: DownloadsApi, id: string) =>
    way.includes('purge') ? purge(api, id) : api.request('DELETE', `/nodes/${id}`);

  hurried.for(WAYS)(
    'takes ALFRESCO_TIMEOUT_MS at most by %s, and the node goes once the job has seen it',
    async (way, { api, sandbox }) => {
      const id = await startBusy(api);
      const begun = performance.now();
      expect((await removeBy(way, api, id)).status).toBe(204);
      expect(performance.now() - begun).toBeGreaterThan(TIMEOUT_MS - 100);
      // Gone for the caller, and not yet for its job.
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

  hurried('ends what its Idempotency-Key stands for', async ({ api }) => {
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

  hurried('is finished before the service stops', async ({ sandbox }) => {
    const service = await startBff(sandbox.url, { ALFRESCO_TIMEOUT_MS: String(TIMEOUT_MS) });
    const api = DownloadsApi.ofBff(service.url);
    const id = await startBusy(api);
    expect((await purge(api, id)).status).toBe(204);
    const closed = service.close();
    sandbox.bytesPerSecond = undefined;
    await closed;
    expect(changes(sandbox, id)).toEqual(['cancel', 'remove']);
  });

  hurried(
    'is left to Alfresco when that lasts until the service has stopped',
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

/** So soon that Alfresco has not carried it out yet. */
function untilRequested(sandbox: Sandbox, id: string, step: Step): Promise<readonly string[]> {
  return until(
    () => changes(sandbox, id),
    (known) => known.includes(step),
    { everyMs: 1 },
  );
}
