import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { rawBytes, rawRequest } from '../harness/raw-http.js';
import { RequestLog } from '../harness/request-log.js';
import { ServiceProcess } from '../harness/service-process.js';

const log = new RequestLog();
let sandbox: Sandbox;
let bff: Bff;
let api: DownloadsApi;
let id: string;
/** One about which Alfresco is asked each time. */
let running: string;
let size: number;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(
    sandbox.url,
    { ALFRESCO_TIMEOUT_MS: '500', STATUS_FRESHNESS_MS: '0' },
    log.add,
  );
  api = DownloadsApi.ofBff(bff.url);
  id = await api.make([SAMPLE_NODES.mediumFile]);
  running = await api.startStuck();
  size = Number(
    (await api.request('HEAD', `/downloads/${id}/content`)).headers.get('content-length'),
  );
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});
afterEach(() => sandbox.clearFaults());

/** Makes a request with an id of its own, reads the answer to its end, and finds the line of it. */
async function lineOf(method: string, path: string, init: RequestInit = {}) {
  const requestId = randomUUID();
  const headers = { ...(init.headers as Record<string, string>), 'x-request-id': requestId };
  await (await api.request(method, path, { ...init, headers })).arrayBuffer();
  return log.line(requestId);
}

const json = (body: object): RequestInit => ({
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

const PART: RequestInit = { headers: { range: 'bytes=0-4' } };

describe('the line of a request', () => {
  it('says who asked for what, what came of it, and how long it and Alfresco took', async () => {
    const line = await lineOf('GET', `/downloads/${running}?fields=status`);
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/Z$/),
      msg: 'GET /downloads/:id 200',
      requestId: expect.any(String),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      caller: 'basic:alice',
      method: 'GET',
      route: '/downloads/:id',
      path: `/downloads/${running}`,
      status: 200,
      ms: expect.any(Number),
      firstByteMs: expect.any(Number),
      bytes: expect.any(Number),
      upstreamCalls: 1,
      upstreamStatus: '200',
      upstreamMs: expect.any(Number),
      retries: 0,
    });
    expect(line.upstreamMs).toBeLessThanOrEqual(line.firstByteMs as number);
    expect(line.firstByteMs).toBeLessThanOrEqual(line.ms as number);
  });

  it('has the id that Alfresco was told', async () => {
    sandbox.clearRequests();
    const { requestId } = await lineOf('GET', `/downloads/${running}`);
    expect(sandbox.requests.map(({ headers }) => headers['x-request-id'])).toEqual([requestId]);
  });

  it('has the id in the answer when the caller gave none', async () => {
    const answer = await api.request('GET', `/downloads/${id}`);
    expect(await log.line(answer.headers.get('x-request-id')!)).toMatchObject({ status: 200 });
  });

  it('counts the bytes of a ZIP, whose answer is hijacked', async () => {
    const line = await lineOf('GET', `/downloads/${id}/content`);
    expect(line).toMatchObject({ status: 200, upstreamCalls: 2, upstreamStatus: '200*2' });
    expect(line.bytes).toBeGreaterThan(size);
    expect(line.bytes).toBeLessThan(size + 2000);
    expect(line).not.toHaveProperty('aborted');
  });

  it.each([
    ['a HEAD', 'HEAD', '/downloads/{id}/content', {}, 200, '/downloads/:id/content'],
    ['a part', 'GET', '/nodes/{id}/content', PART, 206, '/nodes/:id/content'],
    ['a creation', 'POST', '/downloads', json({ nodeIds: ['x', 'x'] }), 400, '/downloads'],
    ['a path without a route', 'GET', '/wp-login.php', {}, 404, undefined],
    ['a method without a route', 'PUT', '/downloads', {}, 405, undefined],
  ])('is there for %s', async (_what, method, path, init, status, route) => {
    const line = await lineOf(method, path.replace('{id}', id), init);
    expect(line).toMatchObject({ level: 'info', method, status });
    expect(line.route).toBe(route);
  });

  it('names the problem of a refusal', async () => {
    expect(await lineOf('GET', '/downloads/unknown')).toMatchObject({
      level: 'info',
      status: 404,
      code: 'DOWNLOAD_NOT_FOUND',
    });
  });

  it('is a warning that says what Alfresco did, when that is what went wrong', async () => {
    sandbox.fail({ kind: 'status', status: 503 }, { times: 3 });
    expect(await lineOf('GET', `/downloads/${running}`)).toMatchObject({
      level: 'warn',
      status: 502,
      code: 'ALFRESCO_ERROR',
      diagnosis: 'Alfresco status 503',
      upstreamStatus: '503*3',
      retries: 2,
    });
    sandbox.fail({ kind: 'reset' }, { times: Infinity });
    expect(await lineOf('GET', `/downloads/${running}`)).toMatchObject({
      level: 'warn',
      code: 'ALFRESCO_UNREACHABLE',
      upstreamStatus: expect.stringMatching(/^[A-Z_]+(?:\*\d)?$/),
    });
  });

  it.each(['/health/live', '/health/ready', '/metrics'])(
    'is for debugging only when %s is asked for',
    async (path) => {
      expect(await lineOf('GET', path)).toMatchObject({ level: 'debug', status: 200 });
    },
  );

  it('is there for what the router refuses before any hook', async () => {
    const answer = await rawRequest(bff.port, {
      path: '/downloads/%zz?link=abc',
      headers: AS_ALICE,
    });
    expect(await log.line(answer.headers['x-request-id']!)).toMatchObject({
      status: 400,
      code: 'MALFORMED_REQUEST',
      path: '/downloads/',
    });
  });

  it('is there for what is no HTTP', async () => {
    const answer = await rawBytes(bff.port, 'GET / HTTP/9.9\r\n\r\n');
    expect(answer.status).toBe(400);
    expect(await log.line(answer.headers['x-request-id']!)).toMatchObject({
      status: 400,
      code: 'MALFORMED_REQUEST',
      msg: 'unreadable request 400',
    });
  });
});

/** Sends the head of a request on a connection of its own. */
function send(method: string, path: string, requestId: string, more = '') {
  const socket = connect(bff.port, '127.0.0.1');
  const { authorization } = AS_ALICE;
  const head = [`${method} ${path} HTTP/1.1`, 'Host: x', `Authorization: ${authorization}`];
  socket.write([...head, `X-Request-Id: ${requestId}`, more, ''].join('\r\n'));
  return socket;
}

describe('the line of a request whose caller leaves', () => {
  it('before there is an answer has status 499', async () => {
    sandbox.fail({ kind: 'hang' }, { path: /\/downloads\// });
    const requestId = randomUUID();
    const before = sandbox.requests.length;
    const socket = send('GET', `/downloads/${running}`, requestId);
    socket.write('\r\n');
    await until(
      () => sandbox.requests.length,
      (count) => count > before,
    );
    socket.destroy();
    const line = await log.line(requestId);
    expect(line).toMatchObject({ status: 499, aborted: true, caller: 'basic:alice' });
    expect(line).not.toHaveProperty('firstByteMs');
  });

  it('in the middle of a ZIP has what was sent', async () => {
    const requestId = randomUUID();
    const socket = send('GET', `/downloads/${id}/content`, requestId);
    socket.write('\r\n');
    await once(socket, 'data');
    socket.destroy();
    const line = await log.line(requestId);
    expect(line).toMatchObject({ status: 200, aborted: true });
    expect(line.bytes).toBeLessThan(size);
  });

  it('in the middle of his body is there, too', async () => {
    const requestId = randomUUID();
    const socket = send('POST', '/downloads', requestId, 'Content-Length: 50');
    socket.write('\r\n{"node');
    await sleep(50);
    socket.destroy();
    expect(await log.line(requestId)).toMatchObject({ status: 499, aborted: true });
  });

  it('with a second request behind the first has two lines', async () => {
    sandbox.fail({ kind: 'hang' }, { path: /\/downloads\// });
    const [first, second] = [randomUUID(), randomUUID()];
    const socket = send('GET', `/downloads/${running}`, first);
    socket.write(`\r\nGET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${second}\r\n\r\n`);
    await sleep(50);
    socket.destroy();
    expect(await log.line(first)).toMatchObject({ status: 499, aborted: true });
    expect(await log.line(second)).toMatchObject({ aborted: true });
  });
});

describe('a line that is written while a request runs', () => {
  it('carries the id of this request, also when its body came in pieces', async () => {
    // The store refuses the row, and the node cannot be removed again: a line from deep inside.
    sandbox.fail({ kind: 'status', status: 500 }, { method: 'DELETE', times: 5 });
    const own = new RequestLog();
    const broken = await startBff(sandbox.url, {}, { onLine: own.add });
    const { DownloadRegistry } = await import('#service/downloads/registry/download.registry.js');
    const registry = broken.app.get(DownloadRegistry, { strict: false });
    vi.spyOn(registry, 'add').mockRejectedValue(new Error('the disk is full'));
    const ids = Array.from({ length: 5 }, () => randomUUID());
    await Promise.all(
      ids.map(async (requestId) => {
        const body = JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] });
        const socket = connect(broken.port, '127.0.0.1');
        const head = ['POST /downloads HTTP/1.1', 'Host: x', 'Connection: close'];
        const { authorization } = AS_ALICE;
        socket.write(
          [
            ...head,
            `Authorization: ${authorization}`,
            'Content-Type: application/json',
            `X-Request-Id: ${requestId}`,
            `Content-Length: ${body.length}`,
            '',
            body.slice(0, 9),
          ].join('\r\n'),
        );
        await sleep(20);
        socket.write(body.slice(9));
        socket.resume();
        await once(socket, 'close');
      }),
    );
    const lines = own.lines.filter(({ context }) => context === 'Downloads');
    expect(lines.map(({ msg }) => msg)).toEqual(
      ids.map(() => expect.stringContaining('could not be removed')),
    );
    expect(new Set(lines.map(({ requestId }) => requestId))).toEqual(new Set(ids));
    const line = await own.line(ids[0]!);
    expect(line).toMatchObject({ level: 'error', code: 'INTERNAL_ERROR', status: 500 });
    expect(line.stack).toMatch(/^Error: the disk is full\n +at /);
    await broken.close();
  });

  it('never carries the id of another one, whose connection to Alfresco it uses', async () => {
    const own = new RequestLog();
    const narrow = await startBff(
      sandbox.url,
      { ALFRESCO_MAX_CONNECTIONS: '1', ALFRESCO_IDLE_TIMEOUT_MS: '500' },
      own.add,
    );
    const narrowApi = DownloadsApi.ofBff(narrow.url);
    const zip = await narrowApi.make([SAMPLE_NODES.mediumFile]);
    const path = /\/content$/;
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 1_000_000 }, { path });
    sandbox.fail({ kind: 'reset' }, { path, times: Infinity });
    const requestId = randomUUID();
    const headers = { 'x-request-id': requestId };
    const answer = await narrowApi.request('GET', `/downloads/${zip}/content`, { headers });
    const end = await answer.arrayBuffer().then(
      () => 'whole',
      () => 'cut',
    );
    expect(end).toBe('cut');
    const cut = await until(
      () => own.lines.find(({ msg }) => msg.includes('ALFRESCO_CUT')),
      (line) => line !== undefined,
    );
    expect(cut!.msg).toContain(requestId);
    expect([requestId, undefined]).toContain(cut!.requestId);
    expect(await own.line(requestId)).toMatchObject({ status: 200, aborted: true });
    await narrow.close();
  });
});

describe('a path that is not one of this service', () => {
  it.each([
    ['/downloads/x/content%3Flink=WzE3NjM5.c2lnbmF0dXJl', '/downloads/x/content'],
    ['/downloads/x;alf_ticket=TICKET_abc', '/downloads/x'],
    ['/%ff%fe', '/'],
    [`/${'a'.repeat(600)}`, `/${'a'.repeat(255)}`],
  ])('is logged as far as it could be: %s', async (path, logged) => {
    expect(await lineOf('GET', path)).toMatchObject({ path: logged });
  });
});

describe('a log that nobody reads any more', () => {
  it('does not keep the service from working', async () => {
    const service = await ServiceProcess.start(sandbox.url, { LOG_LEVEL: 'log' });
    service.child.stdout!.destroy();
    for (let count = 0; count < 5; count++) {
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    }
    expect(await service.stop()).toBe(0);
  });
});
