import { randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { onTestFinished } from 'vitest';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff } from '../harness/bff.js';
import type { TestCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { rawBytes, rawRequest } from '../harness/raw-http.js';
import { type LogLine, RequestLog } from '../harness/request-log.js';
import { serviceStarter } from '../harness/service-starter.js';
import { ServiceProcess } from '../harness/service-process.js';

const log = new RequestLog();

const it = configured({
  sandbox: { estimateDelayMs: 1 },
  // Every status read of a running download calls Alfresco.
  variables: { STATUS_FRESHNESS_MS: '0' },
  pacing: { retry: { firstMs: 1, longestMs: 2 }, breaker: { firstMs: 1, longestMs: 1 } },
  onLine: log.add,
})
  .extend('finished', ({ api }) => api.createFinished([SAMPLE_NODES.textFile]))
  .extend('running', ({ api }) => api.startStuck())
  /** A ZIP, and its size. */
  .extend('large', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
    const { headers } = await api.request('HEAD', `/downloads/${id}/content`);
    return { id, size: Number(headers.get('content-length')) };
  })
  /** Makes a request with a new request id, reads the response to its end, and returns its log line. */
  .extend(
    'lineOf',
    ({ api }) =>
      async (method: string, path: string, init: RequestInit = {}): Promise<LogLine> => {
        const requestId = randomUUID();
        const headers = { ...(init.headers as Record<string, string>), 'x-request-id': requestId };
        await (await api.request(method, path, { ...init, headers })).arrayBuffer();
        return log.line(requestId);
      },
  )
  .extend('start', serviceStarter);

const json = (body: object): RequestInit => ({
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

const PART: RequestInit = { headers: { range: 'bytes=0-4' } };

describe('the log line of a request', () => {
  it('has the caller, the route, the outcome, and the times of the service and of Alfresco', async ({
    user,
    running,
    lineOf,
  }) => {
    const line = await lineOf('GET', `/downloads/${running}?fields=status`);
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/Z$/),
      msg: 'GET /downloads/:id 200',
      requestId: expect.any(String),
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      caller: `basic:${user.name}`,
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

  it('has the request id that was sent to Alfresco', async ({ sandbox, running, lineOf }) => {
    sandbox.clearRequests();
    const { requestId } = await lineOf('GET', `/downloads/${running}`);
    expect(sandbox.requests.map(({ headers }) => headers['x-request-id'])).toEqual([requestId]);
  });

  it('has the request id of the response when the caller sent none', async ({ api, finished }) => {
    const response = await api.request('GET', `/downloads/${finished}`);
    expect(await log.line(response.headers.get('x-request-id')!)).toMatchObject({ status: 200 });
  });

  it('counts the bytes of a ZIP, whose response is hijacked', async ({ large, lineOf }) => {
    const line = await lineOf('GET', `/downloads/${large.id}/content`);
    expect(line).toMatchObject({ status: 200, upstreamCalls: 2, upstreamStatus: '200*2' });
    expect(line.bytes).toBeGreaterThan(large.size);
    expect(line.bytes).toBeLessThan(large.size + 2000);
    expect(line).not.toHaveProperty('aborted');
  });

  it.for([
    ['a HEAD', 'HEAD', '/downloads/{id}/content', {}, 200, '/downloads/:id/content'],
    ['a part of a ZIP', 'GET', '/nodes/{id}/content', PART, 206, '/nodes/:id/content'],
    ['a creation', 'POST', '/downloads', json({ nodeIds: ['x', 'x'] }), 400, '/downloads'],
    ['a path without a route', 'GET', '/wp-login.php', {}, 404, undefined],
    ['a method without a route', 'PUT', '/downloads', {}, 405, undefined],
  ] as const)(
    'is written for %s',
    async ([, method, path, init, status, route], { finished, lineOf }) => {
      const line = await lineOf(method, path.replace('{id}', finished), init);
      expect(line).toMatchObject({ level: 'info', method, status });
      expect(line.route).toBe(route);
    },
  );

  it('has the code of a problem', async ({ lineOf }) => {
    expect(await lineOf('GET', '/downloads/unknown')).toMatchObject({
      level: 'info',
      status: 404,
      code: 'DOWNLOAD_NOT_FOUND',
    });
  });

  it('is a warning with the failure of Alfresco', async ({ sandbox, running, lineOf }) => {
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

  it.for(['/health/live', '/health/ready', '/metrics'])(
    'has the level debug for %s',
    async (path, { lineOf }) => {
      expect(await lineOf('GET', path)).toMatchObject({ level: 'debug', status: 200 });
    },
  );

  it('is written for what the router rejects before any hook', async ({ bff, user }) => {
    const response = await rawRequest(bff.port, {
      path: '/downloads/%zz?link=abc',
      headers: user.headers,
    });
    expect(await log.line(response.headers['x-request-id']!)).toMatchObject({
      status: 400,
      code: 'MALFORMED_REQUEST',
      path: '/downloads/',
    });
  });

  it('is written for what is not HTTP', async ({ bff }) => {
    const response = await rawBytes(bff.port, 'GET / HTTP/9.9\r\n\r\n');
    expect(response.status).toBe(400);
    expect(await log.line(response.headers['x-request-id']!)).toMatchObject({
      status: 400,
      code: 'MALFORMED_REQUEST',
      msg: 'unreadable request 400',
    });
  });

  it.for([
    ['/downloads/x/content%3Flink=WzE3NjM5.c2lnbmF0dXJl', '/downloads/x/content'],
    ['/downloads/x;alf_ticket=TICKET_abc', '/downloads/x'],
    ['/%ff%fe', '/'],
    [`/${'a'.repeat(600)}`, `/${'a'.repeat(255)}`],
  ] as const)(
    'has only the part of a path that the service could have: %s',
    async ([path, logged], { lineOf }) => {
      expect(await lineOf('GET', path)).toMatchObject({ path: logged });
    },
  );
});

/** Sends the head of a request without the final line break, on a new connection. */
function sendHead(
  { port }: Bff,
  { authorization }: TestCaller['headers'],
  requestLine: string,
  ...headers: readonly string[]
): Socket {
  const socket = connect(port, '127.0.0.1');
  const head = [`${requestLine} HTTP/1.1`, 'Host: x', `Authorization: ${authorization}`];
  socket.write([...head, ...headers, ''].join('\r\n'));
  return socket;
}

/** Waits for this many requests to reach the service. */
async function requestsReaching({ app }: Bff, count: number): Promise<void> {
  const requests = on(app.getHttpServer(), 'request');
  for (let arrived = 0; arrived < count; arrived += 1) await requests.next();
  await requests.return?.();
}

describe('the log line of a request whose client disconnects', () => {
  it('before the response has status 499', async ({ sandbox, bff, user, running }) => {
    const path = `/downloads/${running}`;
    sandbox.fail({ kind: 'hang' }, { path: new RegExp(path) });
    sandbox.clearRequests();
    const requestId = randomUUID();
    const socket = sendHead(bff, user.headers, `GET ${path}`, `X-Request-Id: ${requestId}`);
    socket.write('\r\n');
    await until(
      () => sandbox.requests.length,
      (count) => count > 0,
    );
    socket.destroy();
    const line = await log.line(requestId);
    expect(line).toMatchObject({ status: 499, aborted: true, caller: `basic:${user.name}` });
    expect(line).not.toHaveProperty('firstByteMs');
  });

  it('in the middle of a ZIP has the bytes sent', async ({ bff, user, large: { id, size } }) => {
    const requestId = randomUUID();
    const requestLine = `GET /downloads/${id}/content`;
    const socket = sendHead(bff, user.headers, requestLine, `X-Request-Id: ${requestId}`);
    socket.write('\r\n');
    await once(socket, 'data');
    socket.destroy();
    const line = await log.line(requestId);
    expect(line).toMatchObject({ status: 200, aborted: true });
    expect(line.bytes).toBeLessThan(size);
  });

  it('in the middle of the request body is written', async ({ bff, user }) => {
    const requestId = randomUUID();
    const hasArrived = requestsReaching(bff, 1);
    const socket = sendHead(
      bff,
      user.headers,
      'POST /downloads',
      `X-Request-Id: ${requestId}`,
      'Content-Length: 50',
    );
    socket.write('\r\n{"node');
    await hasArrived;
    socket.destroy();
    expect(await log.line(requestId)).toMatchObject({ status: 499, aborted: true });
  });

  it('is written only for the request that has begun, of two on the connection', async ({
    sandbox,
    bff,
    user,
    running,
  }) => {
    const path = `/downloads/${running}`;
    sandbox.fail({ kind: 'hang' }, { path: new RegExp(path) });
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const socket = sendHead(bff, user.headers, `GET ${path}`, `X-Request-Id: ${first}`);
    socket.write(`\r\nGET /health/live HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${second}\r\n\r\n`);
    await requestsReaching(bff, 2);
    socket.destroy();
    expect(await log.line(first)).toMatchObject({ status: 499, aborted: true });
    await fetch(`${bff.url}/health/live`, { headers: { 'x-request-id': third } });
    await log.line(third);
    expect(log.lines.filter(({ requestId }) => requestId === second)).toEqual([]);
  });
});

describe('a log line that is written while a request runs', () => {
  it('has the id of this request, even when its body arrived in pieces', async ({
    sandbox,
    start,
  }) => {
    // The store rejects the row, and the node cannot be removed either: a line from deep inside.
    sandbox.fail({ kind: 'status', status: 500 }, { method: 'DELETE', times: Infinity });
    const own = new RequestLog();
    const broken = await start({}, { onLine: own.add });
    const { DownloadRegistry } = await import('#service/downloads/registry/download-registry.js');
    const registry = broken.app.get(DownloadRegistry, { strict: false });
    vi.spyOn(registry, 'add').mockRejectedValue(new Error('the disk is full'));
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const body = JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] });
    const haveArrived = requestsReaching(broken, ids.length);
    const sockets = ids.map((requestId) => {
      const socket = sendHead(
        broken,
        AS_ALICE,
        'POST /downloads',
        'Connection: close',
        'Content-Type: application/json',
        `X-Request-Id: ${requestId}`,
        `Content-Length: ${body.length}`,
      );
      socket.write(`\r\n${body.slice(0, 9)}`);
      return socket;
    });
    await haveArrived;
    await Promise.all(
      sockets.map(async (socket) => {
        socket.write(body.slice(9));
        socket.resume();
        await once(socket, 'close');
      }),
    );
    const lines = await until(
      () => own.lines.filter(({ context }) => context === 'Removal'),
      ({ length }) => length === ids.length,
    );
    for (const { msg } of lines) expect(msg).toContain('could not be removed');
    expect(new Set(lines.map(({ requestId }) => requestId))).toEqual(new Set(ids));
    const line = await own.line(ids[0]!);
    expect(line).toMatchObject({ level: 'error', code: 'INTERNAL_ERROR', status: 500 });
    expect(line.stack).toMatch(/^Error: the disk is full\n +at /);
  });

  it('never has the id of another request whose connection to Alfresco it reuses', async ({
    sandbox,
    start,
  }) => {
    const own = new RequestLog();
    const narrow = await start(
      { ALFRESCO_MAX_CONNECTIONS: '1' },
      { onLine: own.add, pacing: { resume: { firstMs: 1, longestMs: 2 } } },
    );
    const api = DownloadsApi.ofBff(narrow.url);
    const zip = await api.createFinished([SAMPLE_NODES.mediumFile]);
    const path = new RegExp(`${zip}/content$`);
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 1_000_000 }, { path });
    sandbox.fail({ kind: 'status', status: 404 }, { path });
    const requestId = randomUUID();
    const headers = { 'x-request-id': requestId };
    const response = await api.request('GET', `/downloads/${zip}/content`, { headers });
    const end = await response.arrayBuffer().then(
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
  });
});

describe('a log whose reader has stopped', () => {
  it('does not stop the service', async ({ sandbox }) => {
    const service = await ServiceProcess.start(sandbox.url, { LOG_LEVEL: 'log' });
    onTestFinished(() => void service.child.kill('SIGKILL'));
    service.child.stdout!.destroy();
    for (let count = 0; count < 5; count++) {
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    }
    expect(await service.stop()).toBe(0);
  });
});
