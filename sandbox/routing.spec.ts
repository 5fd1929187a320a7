import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { CORE, TestClient } from './testing/test-client.ts';

describe('routing', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  const raw = (requestLine: string, headers = '', body = '') =>
    client.raw(`${requestLine} HTTP/1.1\r\nHost: x\r\n${headers}Connection: close\r\n\r\n${body}`);

  const post = (query: string, user: string | null, body: string) =>
    client.call('POST', `/downloads${query}`, { user, body });
  const probe = (name: string) =>
    client.call('GET', `/probes/${name}`, {
      user: null,
      headers: { authorization: 'Bearer nonsense' },
    });

  beforeAll(async () => {
    sandbox = await startSandbox({ estimateDelayMs: 0 });
    client = new TestClient(sandbox);
  });
  afterAll(() => sandbox.close());

  it.each([
    [
      405,
      'PATCH',
      '/downloads/x',
      'Script url /public/alfresco/versions/1/downloads/x does not support the method PATCH',
    ],
    [404, 'POST', '/nothing', ''],
    [404, 'GET', '/downloads/x/y', 'y'],
  ])('responds with %i to an anonymous %s %s', async (status, method, path, summary) => {
    const response = await client.call(method, path, { user: null });
    expect(response.status).toBe(status);
    expect(response.json.error.briefSummary.replace(/^\d{8} /, '')).toBe(summary);
    expect(response.headers.get('cache-control')).toBe('no-cache');
  });

  it.each([
    [405, 'PUT', '/downloads/x'],
    [405, 'GET', '/nodes'],
    [405, 'POST', '/downloads/x'],
    [404, 'PUT', '/nothing/x'],
    [404, 'DELETE', '/nothing/x'],
  ])('responds with %i to %s %s, but 401 without credentials', async (status, method, path) => {
    const options = method === 'GET' ? {} : { body: '{}' };
    expect((await client.call(method, path, { user: null, ...options })).status).toBe(401);
    const response = await client.call(method, path, options);
    expect(response.status).toBe(status);
    expect(response.headers.has('cache-control')).toBe(false);
  });

  it('checks credentials, then parameters, then the body, then the node', async () => {
    expect((await post('?maxItems=0', null, '{')).status).toBe(401);
    expect((await post('?maxItems=0', 'alice', '{')).json.error.errorKey).toContain('maxItems');
    expect((await post('', 'alice', '{"x":')).json.error.errorKey).toContain(
      'Could not read content',
    );
  });

  it.each([
    [404, 'an encoded percent sign', '%2541', 'The entity with id: %41 was not found'],
    [404, 'a plus sign, which is not a space', 'a+b', 'The entity with id: a+b was not found'],
    [404, 'an encoded question mark', 'a%3Fb', 'The entity with id: a?b was not found'],
  ])('responds with %i to /downloads/{id} of %s', async (status, _, id, summary) => {
    const auth = `Authorization: Basic ${Buffer.from('alice:al1ce-s3cret-Pa55').toString('base64')}\r\n`;
    for (const verb of ['GET', 'DELETE']) {
      const response = await raw(`${verb} /alfresco${CORE}/downloads/${id}`, auth);
      expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(response).toContain(summary);
    }
  });

  it.each(['a%2Fb', 'a%5Cb', 'a%2', 'a%zz', 'a%00', 'a"b', 'a<b', 'a\\b', 'a{b', 'a^b', 'a|b'])(
    'lets Tomcat respond to %s with an HTML page, and close the connection',
    async (id) => {
      const response = await raw(`GET /alfresco${CORE}/downloads/${id}`);
      expect(response).toMatch(/^HTTP\/1\.1 400 /);
      expect(response).toContain('Content-Type: text/html;charset=utf-8');
      expect(response).not.toContain('X-Frame-Options');
    },
  );

  it.each([
    [404, '/'],
    [404, '/other'],
    [404, '/alfresco'],
    [404, '/alfresco/api/../../other'],
    [400, '/../alfresco/api/x'],
  ])(
    'lets Tomcat respond with %i to %s, which is not part of the REST API',
    async (status, path) => {
      const response = await raw(`GET ${path}`);
      expect(response).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(response).toContain('text/html');
    },
  );

  it.each([
    '/alfresco/api/-default-/public/alfresco/versions/2/downloads/x',
    '/alfresco/api/other/public/alfresco/versions/1/downloads/x',
    '/alfresco/api/-default-/public/workflow/versions/1/downloads/x',
    '/alfresco/api/-default-/public/alfresco/versions/1',
    '/alfresco/api/x',
  ])('responds with 404 in JSON to %s', async (path) => {
    const response = await raw(`GET ${path}`);
    expect(response).toMatch(/^HTTP\/1\.1 404 /);
    expect(response).toContain('\r\n{"error":{"statusCode":404,');
  });

  it('accepts a trailing slash', async () => {
    const body = JSON.stringify({ nodeIds: [ID.textFile] });
    const { status, json } = await client.call('POST', '/downloads/', { body });
    expect(status).toBe(202);
    expect((await client.call('GET', `/downloads/${json.entry.id}/`)).status).toBe(200);
  });

  it('lets a header or a parameter override the verb of a POST, and of no other request', async () => {
    const id = await client.create([ID.textFile]);
    const override = { 'x-http-method-override': 'DELETE' };
    expect((await client.call('POST', `/downloads/${id}`, { headers: override })).status).toBe(202);
    expect((await client.call('POST', `/downloads/${id}?alf_method=get`)).json.entry.id).toBe(id);
    expect((await client.call('GET', `/downloads/${id}`, { headers: override })).status).toBe(200);
  });

  describe('fields', () => {
    it.each([
      ['?fields=%20status%20,%20id', ['id', 'status']],
      ['?fields=ID', []],
      ['?fields=status&properties=id', ['status']],
      ['?fields=status&fields=id', ['status']],
      ['?fields=status&include=id/x', ['id', 'status']],
      ['?include=path', ['filesAdded', 'bytesAdded', 'totalBytes', 'id', 'totalFiles', 'status']],
    ])('%s leaves %o', async (query, members) => {
      const { status, json } = await client.call('POST', `/downloads${query}`, {
        body: JSON.stringify({ nodeIds: [ID.emptyFolder] }),
      });
      expect(status).toBe(202);
      expect(Object.keys(json.entry)).toEqual(members);
    });
  });

  it.each([
    'maxItems=0',
    'maxItems=-1',
    'maxItems=x',
    'skipCount=-1',
    'include=(',
    'include=a,,b',
    'where=x',
    'where=(a',
    'orderBy=a,',
    'select=%22',
  ])('responds with 400 to ?%s, single entity or not', async (query) => {
    expect((await client.call('GET', `/downloads/nope?${query}`)).status).toBe(400);
  });

  describe('probes', () => {
    it('respond to their names in any case, whatever the credentials', async () => {
      expect((await probe('-LIVE-')).status).toBe(200);
    });

    it('test readiness once, then reuse the result, and show a change at once', async () => {
      sandbox.ready = true;
      expect((await probe('-ready-')).json.entry.message).toBe('readyProbe: Success - Tested');
      expect((await probe('-ready-')).json.entry.message).toBe('readyProbe: Success - No test');
      sandbox.ready = false;
      const failed = await probe('-ready-');
      expect(failed.status).toBe(503);
      expect(failed.json.error.errorKey).toBe('readyProbe: Failure - Tested');
      expect((await probe('-ready-')).json.error.errorKey).toBe('readyProbe: Failure - No test');
      expect((await probe('-live-')).status).toBe(200);
      sandbox.ready = true;
    });
  });
});
