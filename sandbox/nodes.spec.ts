import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { TestClient, until } from './testing/test.client.ts';

describe('nodes', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  const put = (id: string, body: unknown, user = 'alice') =>
    client.call('PUT', `/nodes/${id}`, { user, body: JSON.stringify(body) });
  const done = async (): Promise<string> => {
    const id = await client.create([ID.textFile]);
    await client.waitFor(id, 'DONE');
    return id;
  };

  beforeEach(async () => {
    sandbox = await startSandbox({ estimateDelayMs: 0 });
    client = new TestClient(sandbox);
  });
  afterEach(() => sandbox.close());

  it('show a download with its raw properties, and content only when DONE', async () => {
    sandbox.bytesPerSecond = 0;
    const id = await client.create([ID.textFile]);
    expect((await client.call('GET', `/nodes/${id}`)).json.entry).not.toHaveProperty('content');
    sandbox.bytesPerSecond = undefined;
    await client.waitFor(id, 'DONE');
    const { entry } = (await client.call('GET', `/nodes/${id}`)).json;
    expect(entry).toMatchObject({
      id,
      name: 'docTest1.txt.zip',
      nodeType: 'download:download',
      isFile: true,
      isFolder: false,
      parentId: 'downloads_container',
      createdByUser: { id: 'alice', displayName: 'Alice Example' },
      content: { mimeType: 'application/octet-stream', encoding: 'UTF-8' },
      aspectNames: ['cm:indexControl', 'cm:auditable'],
    });
    expect(entry.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    expect(entry.properties).toEqual({
      'download:status': 'DONE',
      'download:done': 13,
      'download:total': 13,
      'download:filesAdded': 1,
      'download:totalFiles': 1,
      'download:cancelled': false,
      'download:recursive': true,
      'download:sequenceNumber': 0,
      'cm:isIndexed': false,
      'cm:isContentIndexed': false,
    });
  });

  it.each([
    ['-root-', ID.root],
    ['-shared-', ID.sharedFolder],
    [`${ID.textFile};1.0`, ID.textFile],
    [encodeURIComponent(ID.tagRoot), ID.tagRoot],
    [ID.appDefault, ID.appDefault],
  ])('are found as %s', async (alias, id) => {
    expect((await client.call('GET', `/nodes/${alias}`)).json.entry.id).toBe(id);
  });

  it('give everyone a home of their own as -my-', async () => {
    const alice = await client.call('GET', '/nodes/-my-');
    const bob = await client.call('GET', '/nodes/-my-', { user: 'bob' });
    expect([alice.json.entry.name, bob.json.entry.name]).toEqual(['alice', 'bob']);
  });

  it('list children, folders first, only readable ones, in pages', async () => {
    const all = (await client.call('GET', `/nodes/${ID.projectsFolder}/children`)).json.list;
    expect(all.entries.map(({ entry }: { entry: { name: string } }) => entry.name)).toEqual([
      'Apollo',
      'Gemini',
      'README.txt',
    ]);
    expect(all.pagination).toEqual({
      count: 3,
      hasMoreItems: false,
      totalItems: 3,
      skipCount: 0,
      maxItems: 100,
    });
    expect(all.entries[0].entry).not.toHaveProperty('properties');
    const page = (
      await client.call(
        'GET',
        `/nodes/${ID.projectsFolder}/children?skipCount=1&maxItems=1&fields=name`,
      )
    ).json;
    expect(page.list).toEqual({
      pagination: { count: 1, hasMoreItems: true, totalItems: 3, skipCount: 1, maxItems: 1 },
      entries: [{ entry: { name: 'Gemini' } }],
    });
    const mixed = (await client.call('GET', `/nodes/${ID.forbiddenInsideFolder}/children`)).json
      .list;
    expect(mixed.entries).toHaveLength(1);
    expect((await client.call('GET', '/nodes/downloads_container/children')).status).toBe(403);
    const id = await client.create([ID.textFile]);
    const admins = await client.call('GET', '/nodes/downloads_container/children?fields=id', {
      user: 'admin',
    });
    expect(admins.json.list.entries).toEqual([{ entry: { id } }]);
  });

  it('take a stamp, add its aspect and keep the rest', async () => {
    const id = await done();
    const { modifiedAt } = (await client.call('GET', `/nodes/${id}`)).json.entry;
    await until(() => Date.now() > Date.parse(modifiedAt));
    const { status, json } = await put(id, { properties: { 'cm:author': 'x' } });
    expect(status).toBe(200);
    expect(json.entry.properties).toMatchObject({ 'cm:author': 'x', 'download:status': 'DONE' });
    expect(json.entry.aspectNames).toContain('cm:author');
    expect(json.entry.modifiedAt > modifiedAt).toBe(true);
    expect(
      (await put(id, { properties: { 'cm:author': '' } })).json.entry.properties,
    ).not.toHaveProperty('cm:author');
    expect((await put(id, { properties: { 'cm:author': null } })).status).toBe(200);
    expect((await put(id, { name: 'new.zip' })).json.entry.name).toBe('new.zip');
  });

  it('let their creator overwrite even the status', async () => {
    const id = await done();
    await put(id, { properties: { 'download:status': 'CANCELLED', 'download:done': 5 } });
    expect((await client.call('GET', `/downloads/${id}`)).json.entry).toMatchObject({
      status: 'CANCELLED',
      bytesAdded: 5,
    });
  });

  it.each([
    [400, { properties: { 'cm:unheardOf': 1 } }],
    [400, { properties: { 'sys:temporary': true } }],
    [400, { properties: { 'cm:creator': 'bob' } }],
    [400, { properties: { 'cm:owner': 'nobody' } }],
    [400, { properties: { 'download:done': 'many' } }],
    [400, { unknown: 1 }],
    [400, []],
    [422, { name: 'a/b' }],
    [422, { properties: { 'download:status': 'BUSY' } }],
  ])('answer %i to a PUT of %o, changing nothing', async (status, body) => {
    const id = await done();
    const before = (await client.call('GET', `/nodes/${id}`)).json;
    expect((await put(id, body)).status).toBe(status);
    expect((await client.call('GET', `/nodes/${id}`)).json).toEqual(before);
  });

  describe('of downloads', () => {
    it.each([
      ['GET', '/downloads/'],
      ['DELETE', '/downloads/'],
      ['GET', '/nodes/'],
      ['PUT', '/nodes/'],
      ['DELETE', '/nodes/'],
    ])('are for their creator and administrators: %s %s', async (verb, path) => {
      const id = await done();
      const options = verb === 'PUT' ? { body: '{}' } : {};
      const strange = await client.call(verb, path + id, { user: 'bob', ...options });
      expect(strange.status).toBe(403);
      expect(strange.json.error.errorKey).toBe('framework.exception.PermissionDenied');
      const admin = await client.call(verb, path + id, { user: 'admin', ...options });
      expect(admin.status).toBeLessThan(300);
    });

    it.each(['', '?permanent=true'])('are deleted at once with their ZIP: %s', async (query) => {
      const id = await done();
      const answer = await client.call('DELETE', `/nodes/${id}${query}`);
      expect([answer.status, answer.text]).toEqual([204, '']);
      for (const path of [`/downloads/${id}`, `/nodes/${id}`, `/nodes/${id}/content`]) {
        expect((await client.call('GET', path)).status).toBe(404);
      }
    });
  });

  it('are deleted with all below them, but special ones never', async () => {
    expect((await client.call('DELETE', `/nodes/${ID.nestedFolder}`)).status).toBe(403);
    expect(
      (await client.call('DELETE', `/nodes/${ID.nestedFolder}`, { user: 'admin' })).status,
    ).toBe(204);
    expect((await client.call('GET', `/nodes/${ID.fourthTextFile}`)).status).toBe(404);
    expect(
      (await client.call('DELETE', `/nodes/${ID.secondaryParentFolder}`, { user: 'admin' })).status,
    ).toBe(204);
    expect((await client.call('GET', `/nodes/${ID.textFile}`)).status).toBe(200);
    expect((await client.call('DELETE', '/nodes/-root-', { user: 'admin' })).status).toBe(403);
  });

  it('name themselves when someone who may only read wants them gone for good', async () => {
    const { status, json } = await client.call('DELETE', `/nodes/${ID.textFile}?permanent=true`);
    expect(status).toBe(403);
    expect(json.error.errorKey).toContain(ID.textFile);
  });
});
