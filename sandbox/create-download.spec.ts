import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { TestClient } from './testing/test-client.ts';

describe('POST /downloads', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  const post = (body: string, headers: Record<string, string> = {}) =>
    client.call('POST', '/downloads', { body, headers });

  const both = (first: string, second: string) =>
    post(JSON.stringify({ nodeIds: [first, second] }));

  beforeAll(async () => {
    sandbox = await startSandbox({ estimateDelayMs: 0 });
    client = new TestClient(sandbox);
  });
  afterAll(() => sandbox.close());

  it.each([
    [
      'the other members of Download',
      `{"id":"a","status":"DONE","bytesAdded":1,"filesAdded":"2","totalBytes":null,"totalFiles":0,"nodeIds":["${ID.textFile}"]}`,
    ],
    [
      'ids that are not UUIDs',
      `{"nodeIds":["${ID.tagRoot}","${ID.appDefault}","${ID.renderingActions}"]}`,
    ],
    [
      'escapes in strings',
      `{"nodeIds":["\\u${ID.textFile.charCodeAt(0).toString(16).padStart(4, '0')}${ID.textFile.slice(1)}"]}`,
    ],
  ])('accepts %s', async (_, body) => {
    expect((await post(body)).status).toBe(202);
  });

  it.each([
    [
      404,
      'a number, which becomes a string',
      '{"nodeIds":[1.50]}',
      'The entity with id: 1.50 was not found',
    ],
    [
      404,
      'a boolean, which becomes a string',
      '{"nodeIds":[true]}',
      'The entity with id: true was not found',
    ],
    [
      412,
      'an archived file',
      `{"nodeIds":["${ID.archivedFile}"]}`,
      'content is archived and not accessible.',
    ],
    [
      412,
      'a folder with an archived file',
      `{"nodeIds":["${ID.archivedInsideFolder}"]}`,
      'content is archived',
    ],
    [422, 'a person', `{"nodeIds":["${ID.person}"]}`, 'integrity violations'],
    [400, 'a nested array on the second line', '{"nodeIds":\n[["x"]]}', 'JsonToken.START_ARRAY'],
    [400, 'an unquoted word', '{"nodeIds":[abc]}', "Unrecognized token 'abc'"],
    [400, 'single quotes', "{'nodeIds':[]}", 'was expecting double-quote'],
    [400, 'a trailing comma', '{"nodeIds":["a",]}', 'Unexpected character'],
    [400, 'a control character in a string', '{"nodeIds":["a\nb"]}', 'Illegal unquoted character'],
    [400, 'a wrong number', '{"bytesAdded":"many"}', 'not a valid `long` value'],
  ])('responds with %i to %s', async (status, _, body, summary) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    const { error } = response.json;
    expect(Object.keys(error)).toEqual([
      'errorKey',
      'statusCode',
      'briefSummary',
      'stackTrace',
      'descriptionURL',
      'logId',
    ]);
    expect(error.statusCode).toBe(status);
    expect(error.briefSummary).toContain(summary);
    expect(error.briefSummary).toMatch(/^\d{8} /);
    expect(response.headers.has('cache-control')).toBe(false);
  });

  it('checks existence of all nodes before rights, and rights before archived content', async () => {
    expect((await both(ID.forbiddenFile, 'nope')).status).toBe(404);
    expect((await both(ID.archivedFile, ID.forbiddenFile)).status).toBe(403);
    expect((await both(ID.person, ID.archivedFile)).status).toBe(412);
  });

  it('creates nothing when it responds with an error', async () => {
    const before = sandbox.downloadIds().length;
    await post(`{"nodeIds":["${ID.person}"]}`);
    await post(`{"nodeIds":["${ID.textFile}","${ID.textFile};1.0"]}`);
    expect(sandbox.downloadIds()).toHaveLength(before);
  });

  it('never accepts the system container: 403 by permission, 422 by type', async () => {
    const body = JSON.stringify({ nodeIds: [ID.downloadsContainer] });
    expect((await client.call('POST', '/downloads', { body })).status).toBe(403);
    expect((await client.call('POST', '/downloads', { body, user: 'admin' })).status).toBe(422);
  });

  it('responds with 413 to a body beyond the limit', async () => {
    expect((await post('x'.repeat(17 * 1024 * 1024))).status).toBe(413);
  });

  it('numbers its errors with a month counted from zero', async () => {
    const { json } = await post('{"nodeIds":[]}');
    const month = Number(json.error.briefSummary.slice(0, 2));
    expect(month).toBe(new Date().getMonth());
  });
});
