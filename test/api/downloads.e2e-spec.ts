import request from 'supertest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { readZip } from '../harness/zip.js';

const PENDING = { filesAdded: 0, bytesAdded: 0, totalBytes: 0, totalFiles: 0, status: 'PENDING' };

let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url);
  api = DownloadsApi.ofBff(bff.url);
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

const post = (nodeIds: readonly string[], query = '') =>
  request(bff.url).post(`/downloads${query}`).set(AS_ALICE).send({ nodeIds });

describe('POST /downloads', () => {
  it('answers 202 with the six fields, the address of the download and when to look', async () => {
    const { body, headers } = await post([SAMPLE_NODES.textFile]).expect(202);
    expect(body).toEqual({ entry: { ...PENDING, id: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
    expect(headers.location).toBe(`/downloads/${body.entry.id}`);
    expect(headers['retry-after']).toBe('1');
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    await request(bff.url).get(headers.location!).set(AS_ALICE).expect(200);
  });

  it('takes stock ids that are no UUIDs', async () => {
    const { appDefault, renderingActions, tagRoot } = SAMPLE_NODES;
    await post([appDefault, renderingActions, tagRoot]).expect(202);
  });

  it('takes a UUID in upper case', async () => {
    await post([SAMPLE_NODES.textFile.toUpperCase()]).expect(202);
  });

  it.each([
    ['?fields=id,status', ['id', 'status']],
    ['?fields=status', ['status']],
    ['?fields=%20status%20,%20totalFiles', ['totalFiles', 'status']],
    ['?fields=status,nonsense', ['status']],
    ['?fields=', []],
    ['?fields=(id,status)', []],
    ['?fields=id&fields=status', ['id']],
  ])('answers only the members in %s', async (query, names) => {
    const { body } = await post([SAMPLE_NODES.textFile], query).expect(202);
    expect(Object.keys(body.entry)).toEqual(names);
  });

  it.each([
    ['a node that does not exist', ['nope'], 404, 'NODE_NOT_FOUND', '/nodeIds/1'],
    ['a node that may not be read', [SAMPLE_NODES.forbiddenFile], 403, 'NODE_FORBIDDEN', undefined],
    ['an archived file', [SAMPLE_NODES.archivedFile], 412, 'CONTENT_ARCHIVED', undefined],
    [
      'a folder with an archived file',
      [SAMPLE_NODES.archivedInsideFolder],
      412,
      'CONTENT_ARCHIVED',
      undefined,
    ],
    [
      'a node that is neither file nor folder',
      [SAMPLE_NODES.person],
      422,
      'NODE_NOT_ZIPPABLE',
      undefined,
    ],
  ])('refuses %s', async (_name, nodeIds, status, code, pointer) => {
    const { body } = await post([SAMPLE_NODES.textFile, ...nodeIds]).expect(status);
    expect(body.code).toBe(code);
    expect(body.errors?.[0].pointer).toBe(pointer);
  });
});

describe('GET /downloads/{id}', () => {
  it('says when to ask again until the status is final', async () => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    const running = await request(bff.url).get(`/downloads/${id}`).set(AS_ALICE).expect(200);
    expect(running.headers['retry-after']).toBe('1');
    sandbox.bytesPerSecond = undefined;
    await api.finished(id);
    const done = await request(bff.url)
      .get(`/downloads/${id}?fields=status`)
      .set(AS_ALICE)
      .expect(200);
    expect(done.body).toEqual({ entry: { status: 'DONE' } });
    expect(done.headers['retry-after']).toBeUndefined();
  });

  it('shows a ZIP that is too large as such', async () => {
    const small = await startSandbox({ maxContentSize: 20 });
    const other = await startBff(small.url);
    const otherApi = DownloadsApi.ofBff(other.url);
    const id = await otherApi.make([SAMPLE_NODES.textFile, SAMPLE_NODES.secondTextFile]);
    expect(await otherApi.status(id)).toMatchObject({
      status: 'MAX_CONTENT_SIZE_EXCEEDED',
      bytesAdded: 20,
      totalBytes: 26,
      filesAdded: 0,
      totalFiles: 2,
    });
    const content = await request(other.url)
      .get(`/downloads/${id}/content`)
      .set(AS_ALICE)
      .expect(409);
    expect(content.body).toMatchObject({ code: 'CONTENT_NOT_READY' });
    expect(content.headers['retry-after']).toBeUndefined();
    await other.close();
    await small.close();
  });
});

describe('cancelling and removing', () => {
  it('cancels a running download', async () => {
    sandbox.bytesPerSecond = 40_000_000;
    const id = await api.start([SAMPLE_NODES.largeFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const answer = await request(bff.url).delete(`/downloads/${id}`).set(AS_ALICE).expect(202);
    expect(answer.text).toBe('');
    expect((await api.finished(id)).status).toBe('CANCELLED');
    await request(bff.url).delete(`/downloads/${id}`).set(AS_ALICE).expect(202);
    sandbox.bytesPerSecond = undefined;
    const content = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set(AS_ALICE)
      .expect(409);
    expect(content.body.detail).toContain('CANCELLED');
  });

  it('takes a DELETE that announces JSON and has no body, as Alfresco’s clients send it', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      await request(bff.url)
        .delete(`/downloads/${id}`)
        .set(AS_ALICE)
        .set('Content-Type', type)
        .expect(202);
    }
  });

  it('removes a download for good', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const answer = await request(bff.url)
      .delete(`/nodes/${id}?permanent=true`)
      .set(AS_ALICE)
      .expect(204);
    expect(answer.text).toBe('');
    expect(sandbox.downloadIds()).not.toContain(id);
    await request(bff.url).get(`/downloads/${id}`).set(AS_ALICE).expect(404);
    await request(bff.url).delete(`/nodes/${id}`).set(AS_ALICE).expect(404);
  });
});

describe('the content', () => {
  it('is a ZIP with what was asked for, under a safe name', async () => {
    const { nestedFolder, unicodeFile, forbiddenInsideFolder } = SAMPLE_NODES;
    const id = await api.make([nestedFolder, unicodeFile, forbiddenInsideFolder]);
    const answer = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set(AS_ALICE)
      .buffer()
      .parse(binary)
      .expect(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="archive.zip"',
      'accept-ranges': 'bytes',
      'content-length': String(answer.body.length),
      'x-content-type-options': 'nosniff',
    });
    const names = (await readZip(answer.body)).map(({ name }) => name);
    expect(names.slice(0, 4)).toEqual([
      'folder1/',
      'folder1/docTest3.txt',
      'folder1/subFolder1/',
      'folder1/subFolder1/docTest4.txt',
    ]);
    expect(names).toHaveLength(7);
  });

  it.each(['unicodeFile', 'quotedFile'] as const)(
    'keeps the name of %s in RFC 6266 form',
    async (name) => {
      const id = await api.make([SAMPLE_NODES[name]]);
      const answer = await request(bff.url)
        .head(`/downloads/${id}/content`)
        .set(AS_ALICE)
        .expect(200);
      const disposition = answer.headers['content-disposition']!;
      const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
      const quoted = /filename="((?:\\.|[^"\\])*)"/.exec(disposition)?.[1]?.replace(/\\(.)/g, '$1');
      const [entry] = await readZip(await api.content(id));
      expect(encoded ? decodeURIComponent(encoded) : quoted).toBe(`${entry!.name}.zip`);
      expect(/^[\x20-\x7e]+$/.test(disposition)).toBe(true);
    },
  );

  it('is refused with 409 until it is there, and never announced as found', async () => {
    sandbox.bytesPerSecond = 0;
    const id = await api.start([SAMPLE_NODES.mediumFile]);
    const early = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set(AS_ALICE)
      .set('If-Modified-Since', new Date(Date.now() + 60_000).toUTCString())
      .expect(409);
    expect(early.body).toMatchObject({ code: 'CONTENT_NOT_READY' });
    expect(early.headers['retry-after']).toBe('1');
    sandbox.bytesPerSecond = undefined;
    await api.finished(id);
    await request(bff.url).head(`/downloads/${id}/content`).set(AS_ALICE).expect(200);
  });

  it('is served under the path of Alfresco’s clients, for downloads only', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const query = '?attachment=false&alf_ticket=TICKET_x';
    const answer = await request(bff.url)
      .get(`/nodes/${id}/content${query}`)
      .set(AS_ALICE)
      .expect(200);
    expect(answer.headers['content-disposition']).toBe('attachment; filename="docTest1.txt.zip"');
  });

  it('lacks a file without content, which the counters show', async () => {
    const id = await api.make([SAMPLE_NODES.missingContentFile, SAMPLE_NODES.textFile]);
    expect(await api.status(id)).toMatchObject({ status: 'DONE', filesAdded: 1, totalFiles: 2 });
    expect((await readZip(await api.content(id))).map(({ name }) => name)).toEqual([
      'docTest1.txt',
    ]);
  });
});

describe('API_PREFIX', () => {
  const PREFIX = 'alfresco/api/-default-/public/alfresco/versions/1';

  it('mounts the API where clients of Alfresco expect it, and leaves the probes at the root', async () => {
    const prefixed = await startBff(sandbox.url, { API_PREFIX: `/${PREFIX}/` });
    const { headers } = await request(prefixed.url)
      .post(`/${PREFIX}/downloads/`)
      .set(AS_ALICE)
      .send({ nodeIds: [SAMPLE_NODES.textFile] })
      .expect(202);
    expect(headers.location).toMatch(new RegExp(`^/${PREFIX}/downloads/[0-9a-f-]{36}$`));
    await request(prefixed.url).get(headers.location!).set(AS_ALICE).expect(200);
    await request(prefixed.url).get('/downloads/x').set(AS_ALICE).expect(404);
    await request(prefixed.url).get('/health/ready').expect(200);
    await request(prefixed.url).get(`/${PREFIX}/docs/openapi.json`).expect(200);
    await request(prefixed.url).get(`/${PREFIX}/health/live`).expect(404);
    await prefixed.close();
  });
});

describe('probes', () => {
  it('are open, and tell Alfresco’s readiness apart from the life of the process', async () => {
    await request(bff.url).get('/health/live').expect(200, { status: 'ok' });
    await request(bff.url).get('/health/ready').expect(200);
    sandbox.fail({ kind: 'status', status: 503 }, { path: /-ready-/ });
    const { body } = await request(bff.url).get('/health/ready').expect(503);
    expect(body).toMatchObject({ code: 'ALFRESCO_UNAVAILABLE' });
    await request(bff.url).get('/health/live').expect(200);
  });
});

function binary(res: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  res.on('data', (chunk: Buffer) => chunks.push(chunk));
  res.on('end', () => done(null, Buffer.concat(chunks)));
}
