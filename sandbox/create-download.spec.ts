import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { TestClient } from './testing/test.client.ts';

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

  it('answers 202 with six members, PENDING and zeros, chunked and uncacheable', async () => {
    const { status, headers, json } = await post(`{"nodeIds":["${ID.textFile}"]}`);
    expect(status).toBe(202);
    expect(Object.keys(json.entry)).toEqual([
      'filesAdded',
      'bytesAdded',
      'totalBytes',
      'id',
      'totalFiles',
      'status',
    ]);
    expect(json.entry).toMatchObject({
      filesAdded: 0,
      bytesAdded: 0,
      totalBytes: 0,
      totalFiles: 0,
      status: 'PENDING',
    });
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/json;charset=UTF-8',
      'cache-control': 'no-cache',
      expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
      pragma: 'no-cache',
      'transfer-encoding': 'chunked',
      'x-frame-options': 'SAMEORIGIN',
    });
    expect(headers.has('content-length')).toBe(false);
    expect(headers.has('location')).toBe(false);
  });

  it.each([
    ['a bare string', `{"nodeIds":"${ID.textFile}"}`],
    ['text after the object', `{"nodeIds":["${ID.textFile}"]} and more {`],
    ['the last of two equal members', `{"nodeIds":["x"],"nodeIds":["${ID.textFile}"]}`],
    [
      'the other members of Download',
      `{"id":"a","status":"DONE","bytesAdded":1,"filesAdded":"2","totalBytes":null,"totalFiles":0,"nodeIds":["${ID.textFile}"]}`,
    ],
    ['a version label', `{"nodeIds":["${ID.textFile};1.0"]}`],
    [
      'ids that are no UUIDs',
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
    [400, 'an empty list', '{"nodeIds":[]}', 'Cannot create an archive with 0 entries.'],
    [400, 'a duplicate', '{"nodeIds":["x","x"]}', 'Cannot specify the same nodeId twice'],
    [400, 'an empty id', '{"nodeIds":[""]}', 'Missing nodeId'],
    [400, 'a null id', '{"nodeIds":[null]}', 'Missing nodeId'],
    [
      400,
      'an empty and a null id, which are the same',
      '{"nodeIds":["",null]}',
      'Cannot specify the same nodeId twice',
    ],
    [404, 'an unknown id', '{"nodeIds":["nope"]}', 'The entity with id: nope was not found'],
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
    [404, 'an alias', '{"nodeIds":["-root-"]}', 'The entity with id: -root- was not found'],
    [404, 'a private working copy', `{"nodeIds":["${ID.textFile};pwc"]}`, 'was not found'],
    [
      403,
      'a node that the caller may not read',
      `{"nodeIds":["${ID.forbiddenFile}"]}`,
      'Permission was denied',
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
    [405, 'an array', '[{"nodeIds":["x"]}]', 'Only 1 entity is supported in the HTTP request body'],
    [405, 'an empty array', '[]', 'Only 1 entity is supported in the HTTP request body'],
    [
      405,
      'a nested array in column 13',
      '{"nodeIds":[["x"]]}',
      'Only 1 entity is supported in the HTTP request body',
    ],
    [400, 'a nested array on the second line', '{"nodeIds":\n[["x"]]}', 'JsonToken.START_ARRAY'],
    [400, 'an array after a blank', ' []', 'JsonToken.START_ARRAY'],
    [400, 'an empty body', '', 'No content to map due to end-of-input'],
    [400, 'malformed JSON', '{"nodeIds":', 'Unexpected end-of-input'],
    [400, 'an unquoted word', '{"nodeIds":[abc]}', "Unrecognized token 'abc'"],
    [400, 'single quotes', "{'nodeIds':[]}", 'was expecting double-quote'],
    [400, 'a trailing comma', '{"nodeIds":["a",]}', 'Unexpected character'],
    [400, 'a control character in a string', '{"nodeIds":["a\nb"]}', 'Illegal unquoted character'],
    [
      400,
      'an object as id',
      '{"nodeIds":[{}]}',
      'Cannot deserialize value of type `java.lang.String` from Object value',
    ],
    [400, 'a string as body', '"x"', 'from String value'],
    [400, 'a wrong status', '{"status":"BUSY"}', 'not one of the values accepted for Enum class'],
    [400, 'a wrong number', '{"bytesAdded":"many"}', 'not a valid `long` value'],
    [
      400,
      'a name in the wrong case',
      '{"NodeIds":[]}',
      'Unrecognized field "NodeIds" (class org.alfresco.rest.api.model.Download)',
    ],
  ])('answers %i to %s', async (status, _, body, summary) => {
    const answer = await post(body);
    expect(answer.status).toBe(status);
    const { error } = answer.json;
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
    expect(answer.headers.has('cache-control')).toBe(false);
  });

  it.each(['{}', '{"nodeIds":null}', 'null'])(
    'answers 500 with a null pointer and no log number to %s',
    async (body) => {
      const { status, json } = await post(body);
      expect(status).toBe(500);
      expect(json.error.errorKey).toBe('framework.exception.ApiDefault');
      expect(json.error.briefSummary).toMatch(/^Cannot invoke "java.util.List.size\(\)"/);
    },
  );

  it('answers 500 without a summary when a node comes with and without a version label', async () => {
    const { status, json } = await post(`{"nodeIds":["${ID.textFile}","${ID.textFile};1.0"]}`);
    expect(status).toBe(500);
    expect(json.error).not.toHaveProperty('briefSummary');
  });

  it('lists the known members and Java classes over several lines', async () => {
    const { json } = await post('{\n "foo":1}');
    expect(json.error.errorKey).toMatch(
      /^Could not read content from HTTP request body: Unrecognized field "foo" \(class [\w.]+\), not marked as ignorable \(7 known properties: .*\)\n at \[Source: .*; line: 2, column: 2\] \(through reference chain: .*\)$/,
    );
  });

  it('checks existence of all nodes before rights, and rights before archived content', async () => {
    expect((await both(ID.forbiddenFile, 'nope')).status).toBe(404);
    expect((await both(ID.archivedFile, ID.forbiddenFile)).status).toBe(403);
    expect((await both(ID.person, ID.archivedFile)).status).toBe(412);
  });

  it('creates nothing when it refuses', async () => {
    const before = sandbox.downloadIds().length;
    await post(`{"nodeIds":["${ID.person}"]}`);
    await post(`{"nodeIds":["${ID.textFile}","${ID.textFile};1.0"]}`);
    expect(sandbox.downloadIds()).toHaveLength(before);
  });

  it('refuses the system container to everyone: 403 by right, 422 by type', async () => {
    const body = JSON.stringify({ nodeIds: [ID.downloadsContainer] });
    expect((await client.call('POST', '/downloads', { body })).status).toBe(403);
    expect((await client.call('POST', '/downloads', { body, user: 'admin' })).status).toBe(422);
  });

  it('answers 500 to multipart and 400 to a form, whose body is already consumed', async () => {
    const multipart = await post('--b--', { 'content-type': 'multipart/form-data; boundary=b' });
    expect(multipart.status).toBe(500);
    expect(multipart.json.error.briefSummary).toMatch(/^class .* cannot be cast to class/);
    const form = await post(`{"nodeIds":["${ID.textFile}"]}`, {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect(form.status).toBe(400);
    expect(form.json.error.briefSummary).toContain('end-of-input');
  });

  it('takes no notice of other content types', async () => {
    expect(
      (await post(`{"nodeIds":["${ID.textFile}"]}`, { 'content-type': 'text/plain' })).status,
    ).toBe(202);
  });

  it('answers 413 to a body beyond the limit', async () => {
    expect((await post('x'.repeat(17 * 1024 * 1024))).status).toBe(413);
  });

  it('numbers its errors with a month counted from zero', async () => {
    const { json } = await post('{"nodeIds":[]}');
    const month = Number(json.error.briefSummary.slice(0, 2));
    expect(month).toBe(new Date().getMonth());
  });
});
