import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { TestClient, until } from './testing/test-client.ts';

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

  it.each([
    ['-root-', ID.root],
    ['-shared-', ID.sharedFolder],
    [`${ID.textFile};1.0`, ID.textFile],
    [encodeURIComponent(ID.tagRoot), ID.tagRoot],
    [ID.appDefault, ID.appDefault],
  ])('are found as %s', async (alias, id) => {
    expect((await client.call('GET', `/nodes/${alias}`)).json.entry.id).toBe(id);
  });

  it('include a home of each user as -my-', async () => {
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

  it('accept a property, add its aspect and keep the rest', async () => {
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
  ])('respond with %i to a PUT of %o, changing nothing', async (status, body) => {
    const id = await done();
    const before = (await client.call('GET', `/nodes/${id}`)).json;
    expect((await put(id, body)).status).toBe(status);
    expect((await client.call('GET', `/nodes/${id}`)).json).toEqual(before);
  });

  it('are deleted with their descendants, but special ones never', async () => {
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
});
