import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { type CollectedSpan, Collector } from '../harness/collector.js';
import { configured, it } from '../harness/fixtures.js';
import { RequestLog } from '../harness/request-log.js';
import { ServiceProcess } from '../harness/service-process.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-01`;
const NOT_SAMPLED = `00-${TRACE_ID}-${PARENT_ID}-00`;

const [SERVER, CLIENT] = [2, 3];

const log = new RequestLog();
const untraced = configured({
  // Jobs start at once.
  sandbox: { estimateDelayMs: 1 },
  variables: { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  onLine: log.add,
});

/** Tests with a new service each, which sends all its spans when it stops. */
const tracedWith = (variables: Record<string, string>) =>
  untraced
    .extend('traced', async ({ runningSandbox }, { onCleanup }) => {
      const collector = await Collector.start();
      const service = await startBff(
        runningSandbox.url,
        {
          OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`,
          STATUS_FRESHNESS_MS: '0',
          ...variables,
        },
        { pacing: { resume: { firstMs: 1, longestMs: 2 }, tracing: { flushMs: 15_000 } } },
      );
      onCleanup(async () => {
        await service.close();
        await collector.close();
      });
      return { collector, service };
    })
    .extend('alice', ({ traced: { service } }) => DownloadsApi.ofBff(service.url))
    /** All spans, after stopping the service. */
    .extend('endedSpans', ({ traced: { collector, service } }) => async () => {
      await service.close();
      return collector.spans;
    });
const traced = tracedWith({});
const impatient = tracedWith({ ALFRESCO_TIMEOUT_MS: '300' });

/** Trace context of each call to Alfresco on behalf of a request. */
const sentToAlfresco = (sandbox: Sandbox, requestId: string) =>
  sandbox.requests
    .filter(({ headers }) => headers['x-request-id'] === requestId)
    .map(({ headers: { traceparent, tracestate } }) => ({ traceparent, tracestate }));

/** Makes a request with a new request id, and reads the response as far as possible. */
async function send(
  api: DownloadsApi,
  method: string,
  path: string,
  headers: Record<string, string> = {},
) {
  const requestId = randomUUID();
  const response = await api.request(method, path, {
    headers: { ...headers, 'x-request-id': requestId },
  });
  return { requestId, body: await response.arrayBuffer().catch(() => undefined) };
}

/** Requests a ZIP; returns the request id. */
async function create(
  api: DownloadsApi,
  traceHeaders: Record<string, string> = {},
): Promise<string> {
  const requestId = randomUUID();
  const headers = { 'content-type': 'application/json', 'x-request-id': requestId };
  await api.request('POST', '/downloads', {
    headers: { ...headers, ...traceHeaders },
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
  });
  return requestId;
}

/** The spans of one request. */
function spansOf(requestId: string, spans: readonly CollectedSpan[]) {
  const server = spans.find(({ attributes }) => attributes['request.id'] === requestId)!;
  const calls = spans.filter(({ parentSpanId }) => parentSpanId === server.spanId);
  return { server, calls };
}

describe('without a collector', () => {
  untraced(
    'a trace is passed on to Alfresco unchanged, and its id is in the log',
    async ({ sandbox, api }) => {
      const trace = { traceparent: SAMPLED, tracestate: 'rojo=1, congo=2' };
      const requestId = await create(api, trace);
      expect(sentToAlfresco(sandbox, requestId)).toEqual([trace]);
      expect(await log.line(requestId)).toMatchObject({ traceId: TRACE_ID });
    },
  );

  untraced.for<Record<string, string>>([{}, { traceparent: 'nonsense' }, { tracestate: 'rojo=1' }])(
    'no trace is started for a caller that sends %j',
    async (headers, { sandbox, api }) => {
      const requestId = await create(api, headers);
      expect(sentToAlfresco(sandbox, requestId)).toEqual([
        { traceparent: undefined, tracestate: undefined },
      ]);
    },
  );

  it('OpenTelemetry’s SDK is not loaded', async ({ sandbox }) => {
    const printLoaded = `
      import { registerHooks } from 'node:module';
      registerHooks({ load(url, context, next) { console.log('loads ' + url); return next(url, context); } });`;
    const service = await ServiceProcess.start(sandbox.url, {
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(printLoaded)}`,
    });
    onTestFinished(() => void service.child.kill('SIGKILL'));
    expect(service.text).toMatch(/^loads .*\/bundle\/service\.js$/m);
    const loaded = [...service.text.matchAll(/^loads file:\/\/(.*\.js)$/gm)].map(
      ([, file]) => file!,
    );
    // The SDK's own name, which each span has.
    const texts = await Promise.all(loaded.map((file) => readFile(file, 'utf8')));
    expect(texts.filter((text) => text.includes('telemetry.sdk.language'))).toEqual([]);
    await service.stop();
  });
});

describe('with a collector', () => {
  traced(
    'a request is a server span below the caller’s, and each call to Alfresco a client span below that',
    async ({ sandbox, alice, endedSpans }) => {
      const id = await alice.startStuck();
      const { requestId } = await send(alice, 'GET', `/downloads/${id}?fields=status`, {
        traceparent: SAMPLED,
        tracestate: 'rojo=1',
      });
      const { server, calls } = spansOf(requestId, await endedSpans());
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
      expect(sentToAlfresco(sandbox, requestId)).toEqual([
        { traceparent: `00-${TRACE_ID}-${call!.spanId}-01`, tracestate: 'rojo=1' },
      ]);
    },
  );

  traced('a caller without a trace gets a new one', async ({ sandbox, alice, endedSpans }) => {
    const id = await alice.startStuck();
    const { requestId } = await send(alice, 'GET', `/downloads/${id}`);
    const [sent] = sentToAlfresco(sandbox, requestId);
    const { server, calls } = spansOf(requestId, await endedSpans());
    expect(server.parentSpanId).toBeUndefined();
    expect(server.traceId).not.toBe(TRACE_ID);
    expect(sent!.traceparent).toBe(`00-${server.traceId}-${calls[0]!.spanId}-01`);
  });

  traced(
    'a request whose caller does not sample is not sampled, and the flag is passed on to Alfresco',
    async ({ sandbox, alice, endedSpans }) => {
      const id = await alice.startStuck();
      const traceparent = NOT_SAMPLED;
      const { requestId } = await send(alice, 'GET', `/downloads/${id}`, { traceparent });
      expect(sentToAlfresco(sandbox, requestId)[0]!.traceparent).toMatch(
        new RegExp(`^00-${TRACE_ID}-(?!${PARENT_ID})[0-9a-f]{16}-00$`),
      );
      const spans = await endedSpans();
      // Spans of the earlier requests.
      expect(spans).not.toEqual([]);
      expect(spans.some(({ attributes }) => attributes['request.id'] === requestId)).toBe(false);
    },
  );

  traced(
    'a failure of Alfresco is an error of both spans',
    async ({ sandbox, alice, endedSpans }) => {
      const id = await alice.startStuck();
      sandbox.fail({ kind: 'status', status: 500 }, { path: new RegExp(id) });
      const { requestId } = await send(alice, 'GET', `/downloads/${id}`);
      const { server, calls } = spansOf(requestId, await endedSpans());
      expect(server).toMatchObject({
        status: { code: 2 },
        attributes: { 'http.response.status_code': 502, 'error.type': 'ALFRESCO_ERROR' },
      });
      expect(calls[0]).toMatchObject({
        status: { code: 2 },
        attributes: { 'http.response.status_code': 500, 'error.type': '500' },
      });
    },
  );

  impatient(
    'a call without a response has no status, but an error type',
    async ({ sandbox, alice, endedSpans }) => {
      sandbox.fail({ kind: 'hang' }, { method: 'POST' });
      const requestId = await create(alice);
      const { calls } = spansOf(requestId, await endedSpans());
      expect(calls[0]!.attributes).toMatchObject({ 'error.type': 'timeout' });
      expect(calls[0]!.attributes).not.toHaveProperty('http.response.status_code');
    },
  );

  traced('a rejected request is not an error of the service', async ({ alice, endedSpans }) => {
    const { requestId } = await send(alice, 'GET', '/downloads/unknown');
    const { server, calls } = spansOf(requestId, await endedSpans());
    expect(server).toMatchObject({ status: { code: 0 } });
    expect(server.attributes).not.toHaveProperty('error.type');
    expect(calls).toEqual([]);
  });

  traced(
    'a transfer is complete, or its spans report that it was cut',
    async ({ sandbox, alice, endedSpans }) => {
      const zip = await alice.createFinished([SAMPLE_NODES.nestedFolder]);
      const whole = await send(alice, 'GET', `/downloads/${zip}/content`);
      const path = new RegExp(`${zip}/content$`);
      sandbox.fail({ kind: 'reset-mid-body', afterBytes: 100 }, { path });
      sandbox.fail({ kind: 'status', status: 404 }, { path });
      const cut = await send(alice, 'GET', `/downloads/${zip}/content`);
      expect(cut.body).toBeUndefined();
      const spans = await endedSpans();
      const { calls } = spansOf(whole.requestId, spans);
      expect(calls.map(({ name, status }) => [name, status.code])).toEqual([
        ['GET /nodes/{id}', 0],
        ['GET /nodes/{id}/content', 0],
      ]);
      const broken = spansOf(cut.requestId, spans);
      expect(broken.server.attributes).toMatchObject({
        'http.response.status_code': 200,
        'error.type': 'aborted',
      });
      expect(
        broken.calls.find(({ name }) => name.endsWith('/content'))!.attributes['error.type'],
      ).toBe('cut');
    },
  );

  traced('a path without a route does not become a span name', async ({ alice, endedSpans }) => {
    const { requestId } = await send(alice, 'GET', '/wp-admin/setup.php?x=1');
    const { server } = spansOf(requestId, await endedSpans());
    expect(server.name).toBe('GET');
    expect(server.attributes).toMatchObject({ 'url.path': '/wp-admin/setup.php' });
    expect(server.attributes).not.toHaveProperty('http.route');
  });
});

describe('a collector that fails', () => {
  it('neither affects requests nor keeps the service from stopping', async ({ sandbox }) => {
    // A collector that accepts connections and never responds.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    onTestFinished(() => {
      sockets.forEach((socket) => socket.destroy());
      silent.close();
    });
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const service = await ServiceProcess.start(sandbox.url, {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    });
    onTestFinished(() => void service.child.kill('SIGKILL'));
    const response = await DownloadsApi.ofBff(service.url!).create([SAMPLE_NODES.textFile]);
    expect(response.status).toBe(202);
    expect(await service.stop()).toBe(0);
    expect(sockets).not.toEqual([]);
  });

  it('is reported in the log, without its response', async ({ sandbox }) => {
    const own = new RequestLog();
    const collector = await Collector.start();
    onTestFinished(() => collector.close());
    const bff = await startBff(
      sandbox.url,
      { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/somewhere/else` },
      { onLine: own.add, pacing: { tracing: { flushMs: 15_000 } } },
    );
    await fetch(`${bff.url}/health/live`);
    await bff.close();
    const warnings = own.lines.filter(({ context }) => context === 'Tracing');
    expect(warnings.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', expect.stringMatching(/^\d+ spans are lost: OTEL_EXPORTER_OTLP_ENDPOINT /)],
    ]);
    expect(warnings[0]).not.toHaveProperty('requestId');
  });
});
