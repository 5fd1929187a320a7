import { SAMPLE_NODES, SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { until } from '../harness/polling.js';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, CALLERS, basic, startBff } from '../harness/bff.js';

let sandbox: Sandbox;
let bff: Bff;
let alice: DownloadsApi;
let zoe: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url);
  alice = DownloadsApi.ofBff(bff.url);
  zoe = new DownloadsApi(bff.url, { authorization: basic(CALLERS.zoe) });
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

const ROUTES = [
  ['GET', '/downloads/{id}', 200],
  ['DELETE', '/downloads/{id}', 202],
  ['HEAD', '/downloads/{id}/content', 200],
  ['GET', '/downloads/{id}/content', 200],
  ['POST', '/downloads/{id}/request-direct-access-url', 200],
  ['HEAD', '/nodes/{id}/content', 200],
  ['GET', '/nodes/{id}/content', 200],
  ['DELETE', '/nodes/{id}', 204],
] as const;

/** Ids and what callers get for them; none but the own reaches Alfresco. */
const IDS = [
  ['another caller’s', () => zoe.make([SAMPLE_NODES.textFile]), 403, 'FORBIDDEN'],
  ['an unknown', () => 'b36dfa1c-0000-4000-8000-000000000000', 404, 'DOWNLOAD_NOT_FOUND'],
  ['a file’s', () => SAMPLE_NODES.textFile, 404, 'DOWNLOAD_NOT_FOUND'],
  ['a folder’s', () => SAMPLE_NODES.root, 404, 'DOWNLOAD_NOT_FOUND'],
  ['a person’s', () => SAMPLE_NODES.person, 404, 'DOWNLOAD_NOT_FOUND'],
  ['an alias', () => '-root-', 404, 'DOWNLOAD_NOT_FOUND'],
  ['the downloads container’s', () => SAMPLE_NODES.downloadsContainer, 404, 'DOWNLOAD_NOT_FOUND'],
  ['one of the same account, made elsewhere', madeElsewhere, 404, 'DOWNLOAD_NOT_FOUND'],
  ['one of another account', () => madeElsewhere('bob'), 404, 'DOWNLOAD_NOT_FOUND'],
] as const;

function madeElsewhere(account = 'downloads-service'): Promise<string> {
  const user = SAMPLE_USERS.find(({ id }) => id === account)!;
  return DownloadsApi.ofAlfresco(sandbox.url, user).make([SAMPLE_NODES.textFile]);
}

describe.each(ROUTES)('%s %s', (method, route, success) => {
  const call = (id: string) => alice.request(method, route.replace('{id}', id));

  it('lets a caller use what is his own', async () => {
    const id = await alice.make([SAMPLE_NODES.textFile]);
    const answer = await call(id);
    await answer.arrayBuffer();
    expect(answer.status).toBe(success);
  });

  it.each(IDS)('refuses %s id without asking Alfresco', async (_what, idOf, status, code) => {
    const id = await idOf();
    sandbox.clearRequests();
    const answer = await call(id);
    expect(answer.status).toBe(status);
    if (method !== 'HEAD') expect(await answer.json()).toMatchObject({ code });
    expect(sandbox.requests).toEqual([]);
  });
});

describe('GET /downloads', () => {
  const list = async (api: DownloadsApi, query = '') => {
    const answer = await api.request('GET', `/downloads${query}`);
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { list: DownloadsList }).list;
  };

  interface DownloadsList {
    pagination: Record<string, unknown>;
    entries: { entry: { id: string; status: string } }[];
  }

  const idsOf = ({ entries }: DownloadsList) => entries.map(({ entry }) => entry.id);

  it('has the caller’s own downloads only, the newest first, in Alfresco’s envelope', async () => {
    const own = await startBff(sandbox.url);
    const [a, z] = [DownloadsApi.ofBff(own.url), new DownloadsApi(own.url, zoe.headers)];
    expect(await list(a)).toEqual({
      pagination: { count: 0, hasMoreItems: false, totalItems: 0, skipCount: 0, maxItems: 100 },
      entries: [],
    });
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.unshift(await a.make([SAMPLE_NODES.textFile]));
    const others = await z.make([SAMPLE_NODES.textFile]);
    const all = await list(a);
    expect(idsOf(all)).toEqual(made);
    expect(all.entries[0]!.entry).toMatchObject({ status: 'DONE', filesAdded: 1, totalBytes: 13 });
    expect(idsOf(await list(z))).toEqual([others]);
    const page = await list(a, '?skipCount=1&maxItems=2&fields=id');
    expect(page).toEqual({
      pagination: { count: 2, hasMoreItems: true, totalItems: 5, skipCount: 1, maxItems: 2 },
      entries: [{ entry: { id: made[1] } }, { entry: { id: made[2] } }],
    });
    expect((await list(a, '?skipCount=4')).pagination).toMatchObject({
      count: 1,
      hasMoreItems: false,
    });
    expect((await list(a, '?skipCount=9')).entries).toEqual([]);
    await own.close();
  });

  it('forgets what Alfresco has removed', async () => {
    const own = await startBff(sandbox.url);
    const api = DownloadsApi.ofBff(own.url);
    const [kept, gone] = [
      await api.make([SAMPLE_NODES.textFile]),
      await api.make([SAMPLE_NODES.textFile]),
    ];
    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${gone}`);
    const after = await until(
      () => list(api),
      (page) => idsOf(page).length < 2,
    );
    expect(idsOf(after)).toEqual([kept]);
    expect(after.pagination).toMatchObject({ count: 1, totalItems: 1 });
    sandbox.clearRequests();
    expect((await api.request('GET', `/downloads/${gone}`)).status).toBe(404);
    expect(sandbox.requests).toEqual([]);
    await own.close();
  });

  it.each([
    'skipCount=-1',
    'skipCount=x',
    'maxItems=0',
    'maxItems=101',
    'maxItems=1.5',
    'maxItems=',
    'maxItems=1&maxItems=2',
  ])('refuses ?%s, naming the parameter', async (query) => {
    const answer = await alice.request('GET', `/downloads?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ parameter: query.split('=')[0] }],
    });
  });
});
