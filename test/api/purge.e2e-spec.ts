import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, CALLERS, basic, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';

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
afterEach(() => sandbox.clearFaults());
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

const purge = (id: string, query = '?purge=true') =>
  api.request('DELETE', `/downloads/${id}${query}`);

/** What was done to Alfresco about this download, in order, looks aside. */
const deeds = (id: string) =>
  sandbox.requests
    .filter(({ method, url }) => method === 'DELETE' && url.endsWith(id))
    .map(({ url }) => (url.includes('/nodes/') ? 'remove' : 'cancel'));

async function expectGone(id: string): Promise<void> {
  expect(sandbox.downloadIds()).not.toContain(id);
  expect((await api.request('GET', `/downloads/${id}`)).status).toBe(404);
}

describe('DELETE with purge=true', () => {
  it('cancels a running download, lets the job see it, and removes the node', async () => {
    sandbox.bytesPerSecond = 40_000_000;
    const id = await api.start([SAMPLE_NODES.largeFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const answer = await purge(id);
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe('');
    expect(deeds(id)).toEqual(['cancel', 'remove']);
    const removal = sandbox.requests.findIndex(({ url }) => url.includes('/nodes/'));
    const last = sandbox.requests[removal - 1]!;
    expect(last.url).toContain(`/downloads/${id}`);
    expect(last.method).toBe('GET');
    await expectGone(id);
  });

  it('removes one that ends while it is being cancelled', async () => {
    const id = await api.start([SAMPLE_NODES.emptyFolder]);
    expect((await purge(id)).status).toBe(204);
    expect(deeds(id).at(-1)).toBe('remove');
    await expectGone(id);
  });

  it('removes one that has ended without cancelling it', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    expect((await purge(id)).status).toBe(204);
    expect(deeds(id)).toEqual(['remove']);
    await expectGone(id);
  });

  it('removes one whose job has crashed, which never sees that it is cancelled', async () => {
    const id = await api.start([SAMPLE_NODES.crashingFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    expect((await purge(id)).status).toBe(204);
    expect(deeds(id)).toEqual(['cancel', 'remove']);
    await expectGone(id);
  });

  it.each(['cancel', 'remove'] as const)(
    'is content when somebody else removes it before the %s',
    async (step) => {
      sandbox.bytesPerSecond = 0;
      const id = await api.start([SAMPLE_NODES.mediumFile]);
      const path = step === 'cancel' ? /\/downloads\// : /\/nodes\//;
      sandbox.fail({ kind: 'delay', ms: 300 }, { method: 'DELETE', path });
      const purging = purge(id);
      await until(
        () => deeds(id),
        (done) => done.includes(step),
      );
      await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
      expect((await purging).status).toBe(204);
      await expectGone(id);
    },
  );

  it('leaves the download to its caller when Alfresco fails, so that it can be repeated', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    sandbox.fail({ kind: 'status', status: 500 }, { method: 'DELETE', path: /\/nodes\// });
    expect((await purge(id)).status).toBe(502);
    expect((await purge(id)).status).toBe(204);
    await expectGone(id);
  });

  it('is not for another caller, and unknown downloads are not found', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    const zoe = new DownloadsApi(bff.url, { authorization: basic(CALLERS.zoe) });
    expect((await zoe.request('DELETE', `/downloads/${id}?purge=true`)).status).toBe(403);
    expect((await purge('nope')).status).toBe(404);
    expect(sandbox.requests).toEqual([]);
  });

  it.each(['?purge=yes', '?purge=', '?purge=TRUE', '?purge=true&purge=true'])(
    'refuses %s without doing anything',
    async (query) => {
      const id = await api.make([SAMPLE_NODES.textFile]);
      const answer = await purge(id, query);
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({
        code: 'VALIDATION_FAILED',
        errors: [{ parameter: 'purge' }],
      });
      expect(deeds(id)).toEqual([]);
    },
  );

  it('only cancels with purge=false', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    expect((await purge(id, '?purge=false')).status).toBe(202);
    expect(deeds(id)).toEqual(['cancel']);
    expect(sandbox.downloadIds()).toContain(id);
  });
});
