import request from 'supertest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { until } from '../harness/polling.js';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import type { TestCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { readZip } from '../harness/zip.js';

const MAX_CONTENT_SIZE = 20_000_000;
const PENDING = { filesAdded: 0, bytesAdded: 0, totalBytes: 0, totalFiles: 0, status: 'PENDING' };
const { textFile, secondTextFile, mediumFile } = SAMPLE_NODES;

/** Tests without delays: jobs start at once, and are polled at once. */
const it = configured({
  sandbox: { estimateDelayMs: 1, maxContentSize: MAX_CONTENT_SIZE },
  variables: { STATUS_FRESHNESS_MS: '1' },
});

function post(
  { url }: Bff,
  { headers }: TestCaller,
  nodeIds: readonly string[],
  query = '',
): request.Test {
  return request(url).post(`/downloads${query}`).set(headers).send({ nodeIds });
}

describe('POST /downloads', () => {
  it('responds with 202, the six fields, Location and Retry-After', async ({ bff, user }) => {
    const { body, headers } = await post(bff, user, [textFile]).expect(202);
    expect(body).toEqual({ entry: { ...PENDING, id: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
    expect(headers.location).toBe(`/downloads/${body.entry.id}`);
    expect(headers['retry-after']).toBe('1');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    await request(bff.url).get(headers.location!).set(user.headers).expect(200);
  });

  it('accepts stock ids that are not UUIDs', async ({ bff, user }) => {
    const { appDefault, renderingActions, tagRoot } = SAMPLE_NODES;
    await post(bff, user, [appDefault, renderingActions, tagRoot]).expect(202);
  });

  it('accepts a UUID in upper case', async ({ bff, user }) => {
    await post(bff, user, [textFile.toUpperCase()]).expect(202);
  });

  it.for([
    ['?fields=id,status', ['id', 'status']],
    ['?fields=status', ['status']],
    ['?fields=%20status%20,%20totalFiles', ['totalFiles', 'status']],
    ['?fields=status,nonsense', ['status']],
    ['?fields=', []],
    ['?fields=(id,status)', []],
    ['?fields=id&fields=status', ['id', 'status']],
  ] as const)('returns only the members in %s', async ([query, names], { bff, user }) => {
    const { body } = await post(bff, user, [textFile], query).expect(202);
    expect(Object.keys(body.entry)).toEqual(names);
  });

  it.for([
    ['a node that does not exist', 'nope', 404, 'NODE_NOT_FOUND', '/nodeIds/1'],
    ['a node that may not be read', SAMPLE_NODES.forbiddenFile, 403, 'NODE_FORBIDDEN', undefined],
    ['an archived file', SAMPLE_NODES.archivedFile, 412, 'CONTENT_ARCHIVED', undefined],
    [
      'a folder with an archived file',
      SAMPLE_NODES.archivedInsideFolder,
      412,
      'CONTENT_ARCHIVED',
      undefined,
    ],
    [
      'a node that is neither file nor folder',
      SAMPLE_NODES.person,
      422,
      'NODE_NOT_ZIPPABLE',
      undefined,
    ],
  ] as const)('refuses %s', async ([_name, nodeId, status, code, pointer], { bff, user }) => {
    const { body } = await post(bff, user, [textFile, nodeId]).expect(status);
    expect(body.code).toBe(code);
    expect(body.errors?.[0].pointer).toBe(pointer);
  });
});

describe('GET /downloads/{id}', () => {
  it('has Retry-After until the status is final', async ({ api, bff, sandbox, user }) => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([textFile]);
    const running = await request(bff.url).get(`/downloads/${id}`).set(user.headers).expect(200);
    expect(running.headers['retry-after']).toBe('1');
    sandbox.bytesPerSecond = undefined;
    await api.waitUntilFinished(id);
    const done = await request(bff.url)
      .get(`/downloads/${id}?fields=status`)
      .set(user.headers)
      .expect(200);
    expect(done.body).toEqual({ entry: { status: 'DONE' } });
    expect(done.headers['retry-after']).toBeUndefined();
  });

  it('reports a ZIP that is too large', async ({ api, bff, user }) => {
    const id = await api.createFinished([mediumFile, textFile]);
    expect(await api.status(id)).toMatchObject({
      status: 'MAX_CONTENT_SIZE_EXCEEDED',
      bytesAdded: MAX_CONTENT_SIZE,
      totalBytes: MAX_CONTENT_SIZE + 13,
      filesAdded: 0,
      totalFiles: 2,
    });
    const content = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set(user.headers)
      .expect(409);
    expect(content.body).toMatchObject({ code: 'CONTENT_NOT_READY' });
    expect(content.headers['retry-after']).toBeUndefined();
  });
});

describe('DELETE /downloads/{id}', () => {
  it('cancels a running download', async ({ api, bff, sandbox, user }) => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([textFile, secondTextFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const response = await request(bff.url)
      .delete(`/downloads/${id}`)
      .set(user.headers)
      .expect(202);
    expect(response.text).toBe('');
    // Alfresco's job notices at its next progress report, that of the second file.
    sandbox.bytesPerSecond = undefined;
    expect((await api.waitUntilFinished(id)).status).toBe('CANCELLED');
    await request(bff.url).delete(`/downloads/${id}`).set(user.headers).expect(202);
    const content = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set(user.headers)
      .expect(409);
    expect(content.body.detail).toContain('CANCELLED');
  });

  it.for(['application/json', 'application/x-www-form-urlencoded'])(
    'accepts %s without a body, as Alfresco’s clients send it',
    async (type, { api, bff, user }) => {
      const id = await api.createFinished([textFile]);
      await request(bff.url)
        .delete(`/downloads/${id}`)
        .set(user.headers)
        .set('Content-Type', type)
        .expect(202);
    },
  );
});

describe('DELETE /nodes/{id}', () => {
  it('removes a download for good', async ({ api, bff, sandbox, user }) => {
    const id = await api.createFinished([textFile]);
    const response = await request(bff.url)
      .delete(`/nodes/${id}?permanent=true`)
      .set(user.headers)
      .expect(204);
    expect(response.text).toBe('');
    expect(sandbox.downloadIds()).not.toContain(id);
    await request(bff.url).get(`/downloads/${id}`).set(user.headers).expect(404);
    await request(bff.url).delete(`/nodes/${id}`).set(user.headers).expect(404);
  });
});

describe('the content', () => {
  it('is a ZIP of the requested nodes, under a safe name', async ({ api, bff, user }) => {
    const { nestedFolder, unicodeFile, forbiddenInsideFolder } = SAMPLE_NODES;
    const id = await api.createFinished([nestedFolder, unicodeFile, forbiddenInsideFolder]);
    const response = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set(user.headers)
      .buffer()
      .parse(binary)
      .expect(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="archive.zip"',
      'accept-ranges': 'bytes',
      'content-length': String(response.body.length),
      'x-content-type-options': 'nosniff',
    });
    const names = (await readZip(response.body)).map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual([
      'folder1/',
      'folder1/docTest3.txt',
      'folder1/subFolder1/',
      'folder1/subFolder1/docTest4.txt',
    ]);
    expect(names).toHaveLength(7);
  });

  it.for(['unicodeFile', 'quotedFile'] as const)(
    'keeps the name of %s in RFC 6266 form',
    async (name, { api, bff, user }) => {
      const id = await api.createFinished([SAMPLE_NODES[name]]);
      const response = await request(bff.url)
        .head(`/downloads/${id}/content`)
        .set(user.headers)
        .expect(200);
      const disposition = response.headers['content-disposition']!;
      const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
      const quoted = /filename="((?:\\.|[^"\\])*)"/.exec(disposition)?.[1]?.replace(/\\(.)/g, '$1');
      const [entry] = await readZip(await api.content(id));
      expect(encoded ? decodeURIComponent(encoded) : quoted).toBe(`${entry!.name}.zip`);
      expect(/^[\x20-\x7e]+$/.test(disposition)).toBe(true);
    },
  );

  it('is rejected with 409 until it is complete, whatever the conditions of the request', async ({
    api,
    bff,
    sandbox,
    user,
  }) => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([textFile]);
    const early = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set(user.headers)
      .set('If-Modified-Since', new Date(Date.now() + 60_000).toUTCString())
      .expect(409);
    expect(early.body).toMatchObject({ code: 'CONTENT_NOT_READY' });
    expect(early.headers['retry-after']).toBe('1');
    sandbox.bytesPerSecond = undefined;
    await api.waitUntilFinished(id);
    await request(bff.url).head(`/downloads/${id}/content`).set(user.headers).expect(200);
  });

  it('is served under the path of Alfresco’s clients, whatever their query', async ({
    api,
    bff,
    user,
  }) => {
    const id = await api.createFinished([textFile]);
    const query = '?attachment=true&alf_ticket=TICKET_x&include=path';
    const response = await request(bff.url)
      .get(`/nodes/${id}/content${query}`)
      .set(user.headers)
      .expect(200);
    expect(response.headers['content-disposition']).toBe('attachment; filename="docTest1.txt.zip"');
  });

  it('omits a file without content, as the counters show', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.missingContentFile, textFile]);
    expect(await api.status(id)).toMatchObject({ status: 'DONE', filesAdded: 1, totalFiles: 2 });
    expect((await readZip(await api.content(id))).map(({ name }) => name)).toEqual([
      'docTest1.txt',
    ]);
  });
});

describe('API_PREFIX', () => {
  const PREFIX = 'alfresco/api/-default-/public/alfresco/versions/1';

  it('mounts the API where clients of Alfresco expect it, and leaves the probes at the root', async ({
    sandbox,
  }) => {
    const prefixed = await startBff(sandbox.url, { API_PREFIX: `/${PREFIX}/` });
    onTestFinished(() => prefixed.close());
    const { headers } = await request(prefixed.url)
      .post(`/${PREFIX}/downloads/`)
      .set(AS_ALICE)
      .send({ nodeIds: [textFile] })
      .expect(202);
    expect(headers.location).toMatch(new RegExp(`^/${PREFIX}/downloads/[0-9a-f-]{36}$`));
    await request(prefixed.url).get(headers.location!).set(AS_ALICE).expect(200);
    await request(prefixed.url).get('/downloads/x').set(AS_ALICE).expect(404);
    await request(prefixed.url).get('/health/ready').expect(200);
    await request(prefixed.url).get(`/${PREFIX}/docs/openapi.json`).expect(200);
    await request(prefixed.url).get(`/${PREFIX}/health/live`).expect(404);
  });
});

describe('the probes', () => {
  it('need no credentials, and distinguish Alfresco’s readiness from the life of the process', async ({
    bff,
    sandbox,
  }) => {
    await request(bff.url).get('/health/live').expect(200, { status: 'ok' });
    sandbox.fail({ kind: 'status', status: 503 }, { path: /-ready-/ });
    const { body } = await request(bff.url).get('/health/ready').expect(503);
    expect(body).toMatchObject({ code: 'ALFRESCO_UNAVAILABLE' });
    await request(bff.url).get('/health/live').expect(200);
    // The outcome is cached for a second.
    await until(
      async () => (await request(bff.url).get('/health/ready')).status,
      (status) => status === 200,
    );
  });
});

function binary(response: request.Response, done: (error: Error | null, body: Buffer) => void) {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  response.on('end', () => done(null, Buffer.concat(chunks)));
}
