import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { type CollectedSpan, Collector } from '../harness/collector.js';
import { RequestLog } from '../harness/request-log.js';
import { ServiceProcess } from '../harness/service-process.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-01`;
const NOT_SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-00`;

const [SERVER, CLIENT] = [2, 3];

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

/** What Alfresco was told of the trace with each request. */
const toldAlfresco = () =>
  sandbox.requests.map(({ headers: { traceparent, tracestate } }) => ({ traceparent, tracestate }));

describe('without a collector', () => {
  let bff: Bff;
  const log = new RequestLog();

  beforeAll(async () => {
    bff = await startBff(sandbox.url, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }, { onLine: log.add });
  });
  afterAll(() => bff.close());
  beforeEach(() => sandbox.clearRequests());

  const ask = (headers: Record<string, string>) =>
    DownloadsApi.ofBff(bff.url).request('POST', '/downloads', {
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
    });

  it('a trace is passed on to Alfresco as it came, and its id is in the log', async () => {
    const requestId = randomUUID();
    await ask({ traceparent: SAMPLED, tracestate: 'rojo=1, congo=2', 'x-request-id': requestId });
    expect(toldAlfresco()).toEqual([{ traceparent: SAMPLED, tracestate: 'rojo=1, congo=2' }]);
    expect(await log.line(requestId)).toMatchObject({ traceId: TRACE_ID });
  });

  it.each<Record<string, string>>([{}, { traceparent: 'nonsense' }, { tracestate: 'rojo=1' }])(
    'nothing is made up for a caller who sends %j',
    async (headers) => {
      await ask(headers);
      expect(toldAlfresco()).toEqual([{ traceparent: undefined, tracestate: undefined }]);
    },
  );

  it('nothing of OpenTelemetry’s SDK is loaded', async () => {
    const tellLoaded = `
      import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { console.log('loads ' + url); return next(url, context); } });`;
    const service = await ServiceProcess.start(sandbox.url, {
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(tellLoaded)}`,
    });
    expect(service.text).toMatch(/^loads .*\/bundle\/service\.js$/m);
    const loaded = [...service.text.matchAll(/^loads file:\/\/(.*\.js)$/gm)].map(
      ([, file]) => file!,
    );
    // What the SDK says of itself in each span.
    const texts = await Promise.all(loaded.map((file) => readFile(file, 'utf8')));
    expect(texts.filter((text) => text.includes('telemetry.sdk.language'))).toEqual([]);
    await service.stop();
  });
});

describe('with a collector', () => {
  let collector: Collector;
  let bff: Bff;
  let api: DownloadsApi;
  let id: string;

  beforeEach(async () => {
    collector = await Collector.start();
    bff = await startBff(sandbox.url, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`,
      ALFRESCO_TIMEOUT_MS: '300',
      ALFRESCO_IDLE_TIMEOUT_MS: '300',
      STATUS_FRESHNESS_MS: '0',
    });
    api = DownloadsApi.ofBff(bff.url);
    id = await api.startStuck();
    sandbox.clearRequests();
  });
  afterEach(async () => {
    sandbox.clearFaults();
    await bff.close();
    await collector.close();
  });

  /** The spans of one request, after the service has ended and sent everything. */
  async function spansOf(requestId: string): Promise<{
    server: CollectedSpan;
    calls: CollectedSpan[];
  }> {
    await bff.close();
    const { spans } = collector;
    const server = spans.find(({ attributes }) => attributes['request.id'] === requestId)!;
    const calls = spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
    return { server, calls };
  }

  async function ask(method: string, path: string, headers: Record<string, string> = {}) {
    const requestId = randomUUID();
    const answer = await api.request(method, path, {
      headers: { ...headers, 'x-request-id': requestId },
    });
    return { requestId, answer, body: await answer.arrayBuffer().catch(() => undefined) };
  }

  it('a request is a server span below the caller’s, and each call to Alfresco a client span below that', async () => {
    const { requestId } = await ask('GET', `/downloads/${id}?fields=status`, {
      traceparent: SAMPLED,
      tracestate: 'rojo=1',
    });
    const told = toldAlfresco();
    const { server, calls } = await spansOf(requestId);
    expect(server).toMatchObject({
      traceId: TRACE_ID,
      parentSpanId: PARENT_ID,
      traceState: 'rojo=1',
      kind: SERVER,
      name: 'GET /downloads/:id',
      status: { code: 0 },
    });
    expect(server.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'http.route': '/downloads/:id',
      'request.id': requestId,
      'url.path': `/downloads/${id}`,
      'url.scheme': 'http',
    });
    expect(calls).toHaveLength(1);
    const [call] = calls;
    const { hostname, port, pathname } = new URL(sandbox.url);
    expect(call).toMatchObject({
      traceId: TRACE_ID,
      kind: CLIENT,
      name: 'GET /downloads/{id}',
      status: { code: 0 },
    });
    expect(call!.attributes).toEqual({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'server.address': hostname,
      'server.port': Number(port),
      'url.full': `${new URL(sandbox.url).origin}${pathname}/api/-default-/public/alfresco/versions/1/downloads/${id}`,
      'url.template': '/downloads/{id}',
    });
    expect(told).toEqual([
      { traceparent: `00-${TRACE_ID}-${call!.spanId}-01`, tracestate: 'rojo=1' },
    ]);
  });

  it('a caller without a trace gets one of his own', async () => {
    const { requestId } = await ask('GET', `/downloads/${id}`);
    const [told] = toldAlfresco();
    const { server, calls } = await spansOf(requestId);
    expect(server.parentSpanId).toBeUndefined();
    expect(server.traceId).not.toBe(TRACE_ID);
    expect(told!.traceparent).toBe(`00-${server.traceId}-${calls[0]!.spanId}-01`);
  });

  it('a caller who does not record is not recorded, and Alfresco is told so', async () => {
    const { requestId } = await ask('GET', `/downloads/${id}`, { traceparent: NOT_SAMPLED });
    expect(toldAlfresco()[0]!.traceparent).toMatch(
      new RegExp(`^00-${TRACE_ID}-(?!${PARENT_ID})[0-9a-f]{16}-00$`),
    );
    await bff.close();
    expect(collector.spans.some(({ attributes }) => attributes['request.id'] === requestId)).toBe(
      false,
    );
  });

  it('a failure of Alfresco is an error of both spans', async () => {
    sandbox.fail({ kind: 'status', status: 500 });
    const { requestId } = await ask('GET', `/downloads/${id}`);
    const { server, calls } = await spansOf(requestId);
    expect(server).toMatchObject({
      status: { code: 2 },
      attributes: { 'http.response.status_code': 502, 'error.type': 'ALFRESCO_ERROR' },
    });
    expect(calls[0]).toMatchObject({
      status: { code: 2 },
      attributes: { 'http.response.status_code': 500, 'error.type': '500' },
    });
  });

  it('a call without an answer has no status but a type of error', async () => {
    sandbox.fail({ kind: 'hang' });
    const { requestId } = await ask('GET', `/downloads/${id}`);
    const { calls } = await spansOf(requestId);
    expect(calls[0]!.attributes).toMatchObject({ 'error.type': 'timeout' });
    expect(calls[0]!.attributes).not.toHaveProperty('http.response.status_code');
  });

  it('a refusal is no error of the service', async () => {
    const { requestId } = await ask('GET', '/downloads/unknown');
    const { server, calls } = await spansOf(requestId);
    expect(server).toMatchObject({ status: { code: 0 } });
    expect(server.attributes).not.toHaveProperty('error.type');
    expect(calls).toEqual([]);
  });

  it('a transfer is whole, or its spans say that it was cut', async () => {
    const zip = await api.make([SAMPLE_NODES.nestedFolder]);
    const whole = await ask('GET', `/downloads/${zip}/content`);
    const path = /\/content$/;
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 100 }, { path });
    sandbox.fail({ kind: 'reset' }, { path, times: Infinity });
    const cut = await ask('GET', `/downloads/${zip}/content`);
    expect(cut.body).toBeUndefined();
    const spans = await spansOf(whole.requestId);
    expect(spans.calls.map(({ name, status }) => [name, status.code])).toEqual([
      ['GET /nodes/{id}', 0],
      ['GET /nodes/{id}/content', 0],
    ]);
    const broken = await spansOf(cut.requestId);
    expect(broken.server.attributes).toMatchObject({
      'http.response.status_code': 200,
      'error.type': 'aborted',
    });
    expect(
      broken.calls.find(({ name }) => name.endsWith('/content'))!.attributes['error.type'],
    ).toBe('cut');
  });

  it('a path without a route does not make a name of its own', async () => {
    const { requestId } = await ask('GET', '/wp-admin/setup.php?x=1');
    const { server } = await spansOf(requestId);
    expect(server.name).toBe('GET');
    expect(server.attributes).toMatchObject({ 'url.path': '/wp-admin/setup.php' });
    expect(server.attributes).not.toHaveProperty('http.route');
  });
});

describe('a collector that is away', () => {
  it('neither disturbs requests nor keeps the service from ending', async () => {
    // It takes connections and never answers.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const service = await ServiceProcess.start(sandbox.url, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    });
    const answer = await DownloadsApi.ofBff(service.url!).create([SAMPLE_NODES.textFile]);
    expect(answer.status).toBe(202);
    expect(await service.stop()).toBe(0);
    expect(sockets).not.toEqual([]);
    sockets.forEach((socket) => socket.destroy());
    silent.close();
  });

  it('is in the log, without what it said', async () => {
    const log = new RequestLog();
    const collector = await Collector.start();
    const bff = await startBff(
      sandbox.url,
      { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/somewhere/else` },
      log.add,
    );
    await fetch(`${bff.url}/health/live`);
    await bff.close();
    await collector.close();
    const warnings = log.lines.filter(({ context }) => context === 'Tracing');
    expect(warnings.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', expect.stringMatching(/^\d+ spans are lost: OTEL_EXPORTER_OTLP_ENDPOINT /)],
    ]);
    expect(warnings[0]).not.toHaveProperty('requestId');
  });
});
