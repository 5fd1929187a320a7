import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { createCaller } from '../harness/callers.js';
import { it } from '../harness/fixtures.js';

const ALFRESCO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/;

interface Node {
  readonly name: string;
  readonly createdAt: string;
  readonly modifiedAt: string;
  readonly content?: { readonly mimeType: string; readonly sizeInBytes: number };
}

async function nodeOf(response: Response): Promise<Node> {
  expect(response.status).toBe(200);
  return ((await response.json()) as { entry: Node }).entry;
}

const getNode = (api: DownloadsApi, id: string, query = '', method = 'GET') =>
  api.request(method, `/nodes/${id}${query}`);

describe('GET /nodes/{id}', () => {
  it('responds with Alfresco’s entry of the download, in the name of the caller', async ({
    api,
    user,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.nestedFolder]);
    const zip = await api.content(id);
    const response = await getNode(api, id);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const node = await nodeOf(response);
    expect(node).toEqual({
      id,
      name: 'folder1.zip',
      nodeType: 'download:download',
      isFile: true,
      isFolder: false,
      createdAt: expect.stringMatching(ALFRESCO_DATE) as string,
      modifiedAt: expect.stringMatching(ALFRESCO_DATE) as string,
      createdByUser: { id: user.name, displayName: user.name },
      modifiedByUser: { id: user.name, displayName: user.name },
      content: { mimeType: 'application/zip', sizeInBytes: zip.length },
    });
    expect(node.createdAt <= node.modifiedAt).toBe(true);
  });

  it('has no content before the download is DONE', async ({ api, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const node = await nodeOf(await getNode(api, id));
    expect(node.name).toBe('medium.bin.zip');
    expect(node).not.toHaveProperty('content');
  });

  it('names the ZIP as it is saved', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.unicodeFile]);
    const { name } = await nodeOf(await getNode(api, id));
    const saved = await api.request('HEAD', `/nodes/${id}/content`);
    const disposition = saved.headers.get('content-disposition')!;
    const [, encoded] = /filename\*=UTF-8''(\S+)/.exec(disposition)!;
    expect(decodeURIComponent(encoded!)).toBe(name);
  });

  it.for([
    ['?fields=name', ['name']],
    ['?fields=id,content,nope', ['content', 'id']],
    ['?fields=name&fields=nodeType', ['name', 'nodeType']],
    ['?fields=', []],
  ] as const)('restricts the entry to what %s asks for', async ([query, members], { api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    expect(Object.keys(await nodeOf(await getNode(api, id, query))).toSorted()).toEqual(members);
  });

  it('ignores Alfresco’s other parameters', async ({ api, sandbox }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const query = '?include=path,permissions,properties&relations=children&alf_method=DELETE';
    const node = await nodeOf(await getNode(api, id, query));
    expect(node).toEqual(await nodeOf(await getNode(api, id)));
    expect(node).not.toHaveProperty('properties');
    expect(sandbox.requests.filter(({ url }) => url.includes('?'))).toEqual([]);
    expect(sandbox.downloadIds()).toContain(id);
  });

  it('supports HEAD', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const response = await getNode(api, id, '', 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.text()).toBe('');
    expect((await getNode(api, 'unknown', '', 'HEAD')).status).toBe(404);
  });

  it.for([
    ['the node of a document', SAMPLE_NODES.textFile, 404, 'DOWNLOAD_NOT_FOUND'],
    ['an alias', '-root-', 404, 'DOWNLOAD_NOT_FOUND'],
    ['an invalid id', 'a;1.0', 400, 'INVALID_ID'],
  ] as const)('does not call Alfresco for %s', async ([, id, status, code], { api, sandbox }) => {
    const response = await getNode(api, id);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code, error: { statusCode: status } });
    expect(sandbox.requests).toEqual([]);
  });

  it('is available to the owner only', async ({ api, bff, sandbox }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    const stranger = new DownloadsApi(bff.url, createCaller().headers);
    expect((await getNode(stranger, id)).status).toBe(403);
    expect((await getNode(new DownloadsApi(bff.url, {}), id)).status).toBe(401);
    expect(sandbox.requests).toEqual([]);
  });

  it('responds with 404 to a download that Alfresco has removed', async ({ api, sandbox }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
    const response = await getNode(api, id);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'DOWNLOAD_NOT_FOUND' });
    const list = await api.request('GET', '/downloads');
    expect(await list.json()).toMatchObject({ list: { pagination: { totalItems: 0 } } });
  });

  it('is among the methods of the path', async ({ api }) => {
    const response = await getNode(api, SAMPLE_NODES.textFile, '', 'PUT');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('DELETE, GET, HEAD');
  });
});

describe('?fields= given twice', () => {
  it('selects the members of both, in every entry', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const query = '?fields=id&fields=status,nope';
    const one = await api.request('GET', `/downloads/${id}${query}`);
    const entry = { id, status: 'DONE' };
    expect(await one.json()).toEqual({ entry });
    const all = await api.request('GET', `/downloads${query}`);
    expect(await all.json()).toMatchObject({ list: { entries: [{ entry }] } });
  });
});
