import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { SAMPLE_NODES, SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { createCaller } from '../harness/callers.js';
import { configured, it } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';

/** Tests of a service that caches a finished download for only a moment. */
const briefCacheTest = configured({ pacing: { polling: { finalFreshnessMs: 50 } } });

const ROUTES = [
  ['GET', '/downloads/{id}', 200],
  ['DELETE', '/downloads/{id}', 202],
  ['HEAD', '/downloads/{id}/content', 200],
  ['GET', '/downloads/{id}/content', 200],
  ['POST', '/downloads/{id}/request-direct-access-url', 200],
  ['GET', '/nodes/{id}', 200],
  ['HEAD', '/nodes/{id}/content', 200],
  ['GET', '/nodes/{id}/content', 200],
  ['DELETE', '/nodes/{id}', 204],
] as const;

/** A caller with a download for each route. */
let owner: DownloadsApi;
let own: string[];

/** Downloads that no request of these tests may touch. */
const foreign = { ofAnotherCaller: '', ofTheSameAccount: '', ofAnotherAccount: '' };

/** Ids, and the response to them. */
const IDS = [
  ['another caller’s download', () => foreign.ofAnotherCaller, 403, 'FORBIDDEN'],
  ['an unknown download', () => 'b36dfa1c-0000-4000-8000-000000000000', 404, 'DOWNLOAD_NOT_FOUND'],
  ['a file', () => SAMPLE_NODES.textFile, 404, 'DOWNLOAD_NOT_FOUND'],
  ['a folder', () => SAMPLE_NODES.root, 404, 'DOWNLOAD_NOT_FOUND'],
  ['a person', () => SAMPLE_NODES.person, 404, 'DOWNLOAD_NOT_FOUND'],
  ['an alias', () => '-root-', 404, 'DOWNLOAD_NOT_FOUND'],
  ['the downloads container', () => SAMPLE_NODES.downloadsContainer, 404, 'DOWNLOAD_NOT_FOUND'],
  [
    'a download of the same account, made elsewhere',
    () => foreign.ofTheSameAccount,
    404,
    'DOWNLOAD_NOT_FOUND',
  ],
  ['a download of another account', () => foreign.ofAnotherAccount, 404, 'DOWNLOAD_NOT_FOUND'],
] as const;

it.beforeAll(async ({ runningSandbox, bff }) => {
  const of = (account: string) => {
    const user = SAMPLE_USERS.find(({ id }) => id === account)!;
    return DownloadsApi.ofAlfresco(runningSandbox.url, user).createFinished([
      SAMPLE_NODES.textFile,
    ]);
  };
  const another = new DownloadsApi(bff.url, createCaller().headers);
  owner = new DownloadsApi(bff.url, createCaller().headers);
  own = await Promise.all(ROUTES.map(() => owner.createFinished([SAMPLE_NODES.textFile])));
  [foreign.ofAnotherCaller, foreign.ofTheSameAccount, foreign.ofAnotherAccount] = await Promise.all(
    [another.createFinished([SAMPLE_NODES.textFile]), of('downloads-service'), of('bob')],
  );
});

interface DownloadsList {
  pagination: Record<string, unknown>;
  entries: { entry: { id: string; status: string } }[];
}

async function list(api: DownloadsApi, query = ''): Promise<DownloadsList> {
  const response = await api.request('GET', `/downloads${query}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { list: DownloadsList }).list;
}

const idsOf = ({ entries }: DownloadsList) => entries.map(({ entry }) => entry.id);

/** Query parameters that could pretend to name the owner. */
const CLAIMS = ['owner', 'ownerId', 'caller', 'user', 'userId', 'username', 'createdByUser', 'sub'];

describe('the owner of a download', () => {
  it.for(CLAIMS)('is the authenticated caller, whatever ?%s= says', async (name, { api, bff }) => {
    const other = createCaller();
    const theirs = new DownloadsApi(bff.url, other.headers);
    const id = await theirs.start([SAMPLE_NODES.textFile]);
    for (const claim of [other.name, `basic:${other.name}`]) {
      const query = `?${name}=${encodeURIComponent(claim)}`;
      expect((await api.request('GET', `/downloads/${id}${query}`)).status).toBe(403);
      expect(idsOf(await list(api, query))).not.toContain(id);
      const made = await api.request('POST', `/downloads${query}`, {
        body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
        headers: { 'content-type': 'application/json' },
      });
      const { entry } = (await made.json()) as { entry: { id: string } };
      expect(idsOf(await list(theirs))).toEqual([id]);
      expect(idsOf(await list(api))).toContain(entry.id);
    }
  });
});

describe.each(ROUTES)('%s %s', (method, route, success) => {
  it('lets callers use their own downloads', async () => {
    const response = await owner.request(method, route.replace('{id}', own.pop()!));
    await response.arrayBuffer();
    expect(response.status).toBe(success);
  });

  it.for(IDS)(
    'rejects the id of %s without calling Alfresco',
    async ([, idOf, status, code], { api, sandbox }) => {
      const id = idOf();
      const requestId = randomUUID();
      const headers = { 'x-request-id': requestId };
      const response = await api.request(method, route.replace('{id}', id), { headers });
      expect(response.headers.get('x-request-id')).toBe(requestId);
      expect(response.status).toBe(status);
      if (method !== 'HEAD') expect(await response.json()).toMatchObject({ code });
      const calls = sandbox.requests.filter(
        (sent) => sent.headers['x-request-id'] === requestId || sent.url.includes(id),
      );
      expect(calls).toEqual([]);
    },
  );
});

it('rejected requests have removed nothing', ({ sandbox }) => {
  expect(sandbox.downloadIds()).toEqual(expect.arrayContaining(Object.values(foreign)));
});

describe('GET /downloads', () => {
  it('lists only the caller’s own downloads, the newest first, in Alfresco’s envelope', async ({
    api,
    bff,
  }) => {
    const another = new DownloadsApi(bff.url, createCaller().headers);
    expect(await list(api)).toEqual({
      pagination: { count: 0, hasMoreItems: false, totalItems: 0, skipCount: 0, maxItems: 100 },
      entries: [],
    });
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      made.unshift(await api.start([SAMPLE_NODES.textFile]));
    }
    const others = await another.start([SAMPLE_NODES.textFile]);
    await Promise.all(made.map((id) => api.waitUntilFinished(id)));
    const all = await list(api);
    expect(idsOf(all)).toEqual(made);
    expect(all.entries[0]!.entry).toMatchObject({ status: 'DONE', filesAdded: 1, totalBytes: 13 });
    expect(idsOf(await list(another))).toEqual([others]);
    const page = await list(api, '?skipCount=1&maxItems=2&fields=id');
    expect(page).toEqual({
      pagination: { count: 2, hasMoreItems: true, totalItems: 5, skipCount: 1, maxItems: 2 },
      entries: [{ entry: { id: made[1] } }, { entry: { id: made[2] } }],
    });
    expect((await list(api, '?skipCount=4')).pagination).toMatchObject({
      count: 1,
      hasMoreItems: false,
    });
    expect((await list(api, '?skipCount=9')).entries).toEqual([]);
  });

  briefCacheTest('omits what Alfresco has removed', async ({ api, sandbox }) => {
    const [kept, gone] = await Promise.all([
      api.createFinished([SAMPLE_NODES.textFile]),
      api.createFinished([SAMPLE_NODES.textFile]),
    ]);
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
  });

  briefCacheTest(
    'reads two pages at most, however many Alfresco has removed',
    async ({ api, sandbox }) => {
      const made: string[] = [];
      for (let count = 0; count < 9; count += 1)
        made.push(await api.createFinished([SAMPLE_NODES.textFile]));
      const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
      for (const id of made) await alfresco.request('DELETE', `/nodes/${id}`);
      // Longer than a finished download is cached.
      await sleep(100);
      sandbox.clearRequests();
      const first = await list(api, '?maxItems=2');
      expect(first.pagination).toMatchObject({ count: 0, hasMoreItems: true, totalItems: 5 });
      expect(sandbox.requests).toHaveLength(4);
      const pages = [await list(api, '?maxItems=2'), await list(api, '?maxItems=2')];
      expect(pages.at(-1)!.pagination).toMatchObject({ hasMoreItems: false, totalItems: 0 });
    },
  );

  briefCacheTest('asks no more once its client has disconnected', async ({ api, sandbox }) => {
    for (let count = 0; count < 20; count += 1) await api.createFinished([SAMPLE_NODES.emptyFile]);
    sandbox.clearRequests();
    sandbox.fail({ kind: 'delay', ms: 300 }, { path: /downloads\//, times: Infinity });
    const abort = new AbortController();
    const disconnected = api.request('GET', '/downloads', { signal: abort.signal }).catch(() => {});
    await until(
      () => sandbox.requests.length,
      (requests) => requests > 0,
    );
    abort.abort();
    await disconnected;
    await sleep(700);
    // Eight are read at a time.
    expect(sandbox.requests.length).toBeLessThanOrEqual(8);
  });

  it.for([
    'skipCount=-1',
    'skipCount=x',
    'maxItems=0',
    'maxItems=101',
    'maxItems=1.5',
    'maxItems=',
    'maxItems=1&maxItems=2',
  ])('refuses ?%s, naming the parameter', async (query, { api }) => {
    const response = await api.request('GET', `/downloads?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ parameter: query.split('=')[0] }],
    });
  });
});
