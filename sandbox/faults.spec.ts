import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Fault, type Sandbox } from './sandbox.ts';
import { CORE, TestClient, basic, until } from './testing/test-client.ts';

const bodyOf = (response: string): string => response.slice(response.indexOf('\r\n\r\n') + 4);
const code = async (attempt: Promise<unknown>): Promise<unknown> => {
  const error = await attempt.then(
    () => undefined,
    (failure: unknown) => failure as { cause?: { code?: string }; code?: string },
  );
  return error?.code ?? error?.cause?.code;
};

describe('faults', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  const file = `/nodes/${ID.reportPdf}/content`;
  const request = `GET /alfresco${CORE}${file} HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic('alice')}\r\nConnection: close\r\n\r\n`;

  const statusOf = async (method: string, path: string) => (await client.call(method, path)).status;
  const control = (method: string, path: string, body?: unknown) =>
    client.call(method, path, {
      api: '/../sandbox',
      user: null,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  beforeEach(async () => {
    sandbox = await startSandbox({ estimateDelayMs: 0 });
    client = new TestClient(sandbox);
  });
  afterEach(() => sandbox.close());

  it('delay a response and change nothing else', async () => {
    sandbox.fail({ kind: 'delay', ms: 30 });
    const before = performance.now();
    expect((await client.call('GET', file)).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(25);
  });

  it('hang until the client gives up', async () => {
    sandbox.fail({ kind: 'hang' });
    const caller = new AbortController();
    const hanging = expect(fetch(sandbox.url, { signal: caller.signal })).rejects.toThrow();
    await until(() => sandbox.requests.length === 1);
    caller.abort();
    await hanging;
    await until(() => sandbox.requests[0]?.aborted ?? false);
    expect(sandbox.requests[0]).not.toHaveProperty('status');
  });

  it('reset the connection before any header', async () => {
    sandbox.fail({ kind: 'reset' });
    expect(await code(client.raw(request))).toBe('ECONNRESET');
    await until(() => sandbox.requests[0]?.endedAt !== undefined);
    expect(sandbox.requests[0]).toMatchObject({ aborted: false, bytesSent: 0 });
  });

  it('reset the connection after the headers', async () => {
    sandbox.fail({ kind: 'reset-after-headers' });
    const response = await client.fetch('GET', file);
    expect(response.status).toBe(200);
    expect(await code(response.text())).toBe('ECONNRESET');
  });

  it('reset the connection within the body', async () => {
    sandbox.fail({ kind: 'reset-mid-body', afterBytes: 100 });
    const response = await client.fetch('GET', file);
    const first = await response.body?.getReader().read();
    expect(first?.value).toHaveLength(100);
    expect(sandbox.requests[0]?.bytesSent).toBe(100);
  });

  it('end the connection cleanly, short of Content-Length', async () => {
    sandbox.fail({ kind: 'truncate', afterBytes: 100 });
    const response = await client.raw(request);
    expect(Number(/Content-Length: (\d+)/.exec(response)?.[1])).toBeGreaterThan(100);
    expect(bodyOf(response)).toHaveLength(100);
  });

  it('stall within the body and keep the connection', async () => {
    sandbox.fail({ kind: 'stall-mid-body', afterBytes: 100 });
    const controller = new AbortController();
    const response = await client.fetch('GET', file);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(100);
    expect(sandbox.activeResponses).toBe(1);
    expect(sandbox.openConnections).toBeGreaterThan(0);
    await reader?.cancel();
    controller.abort();
    await until(() => sandbox.activeResponses === 0);
    await until(() => sandbox.requests[0]?.aborted ?? false);
  });

  it('drip the body in small pieces', async () => {
    sandbox.fail({ kind: 'drip', bytesPerSecond: 20_000 });
    const response = await client.fetch('GET', `/nodes/${ID.contractDocx}/content`);
    expect((await response.arrayBuffer()).byteLength).toBe(
      Number(response.headers.get('content-length')),
    );
  });

  it.each<[Fault, number, string | null, string]>([
    [{ kind: 'html', status: 502 }, 502, 'text/html;charset=utf-8', '<!doctype html>'],
    [{ kind: 'malformed-json' }, 200, 'application/json;charset=UTF-8', '{"entry":{"id":'],
    [{ kind: 'empty', status: 503 }, 503, null, ''],
    [
      { kind: 'status', status: 429 },
      429,
      'application/json;charset=UTF-8',
      '{"error":{"errorKey":',
    ],
    [
      { kind: 'status', status: 200, body: 'hi', headers: { 'Content-Type': 'text/x' } },
      200,
      'text/x',
      'hi',
    ],
    [{ kind: 'redirect', location: 'http://elsewhere.test/' }, 302, null, ''],
    [{ kind: 'redirect', location: '/x', status: 307 }, 307, null, ''],
    [
      { kind: 'wrong-entry', entry: { id: 7 } },
      200,
      'application/json;charset=UTF-8',
      '{"entry":{"id":7}}',
    ],
  ])('%o', async (fault, status, type, start) => {
    sandbox.fail(fault);
    const response = await client
      .call('GET', '/nodes/-root-', { user: null })
      .catch(() => undefined);
    if (fault.kind === 'malformed-json') expect(response).toBeUndefined();
    else {
      expect(response?.status).toBe(status);
      expect(response?.headers.get('content-type')).toBe(type);
      expect(response?.text.startsWith(start)).toBe(true);
      if (fault.kind === 'redirect') expect(response?.headers.get('location')).toBe(fault.location);
    }
    expect(sandbox.requests.at(-1)?.status).toBe(status);
  });

  it('add cookies and challenges to the usual response', async () => {
    sandbox.fail({ kind: 'set-cookie' });
    const { status, headers } = await client.call('GET', '/nodes/-root-');
    expect(status).toBe(200);
    for (const name of ['set-cookie', 'www-authenticate', 'server'])
      expect(headers.has(name)).toBe(true);
  });

  it('send more JSON than asked for', async () => {
    sandbox.fail({ kind: 'huge-json', bytes: 3_000_000 });
    const { json } = await client.call('GET', '/nodes/-root-');
    expect(json.entry.padding).toHaveLength(3_000_000);
  });

  it.each([file, '/nodes/-root-'])('send more bytes than Content-Length says: %s', async (path) => {
    const usual = (await client.call('GET', path)).text;
    sandbox.fail({ kind: 'long-body', extraBytes: 50 });
    const response = await client.raw(request.replace(file, path));
    const promised = Number(/Content-Length: (\d+)/.exec(response)?.[1]);
    expect(promised).toBe(Buffer.byteLength(usual));
    expect(bodyOf(response)).toHaveLength(promised + 50);
  });

  it('apply to the first matching request in the order of the queue, as often as configured', async () => {
    sandbox.fail({ kind: 'empty', status: 500 }, { method: 'post' });
    sandbox.fail({ kind: 'empty', status: 501 }, { path: /\/nodes\//g, times: 2 });
    sandbox.fail({ kind: 'empty', status: 502 }, { times: Infinity });
    expect(await statusOf('GET', '/nodes/x')).toBe(501);
    expect(await statusOf('GET', '/probes/-live-')).toBe(502);
    expect(await statusOf('GET', '/nodes/x')).toBe(501);
    expect(await statusOf('GET', '/nodes/x')).toBe(502);
    expect(await statusOf('POST', '/nodes/x')).toBe(500);
    expect(await statusOf('POST', '/nodes/x')).toBe(502);
    sandbox.clearFaults();
    expect(await statusOf('GET', '/probes/-live-')).toBe(200);
  });

  describe('over HTTP', () => {
    it('are queued and cleared', async () => {
      const queued = await control('POST', '/faults', {
        fault: { kind: 'empty', status: 503 },
        match: { method: 'GET', path: '/probes/', times: 'always' },
      });
      expect(queued.status).toBe(204);
      expect((await client.call('GET', '/nodes/-root-')).status).toBe(200);
      expect((await client.call('GET', '/probes/-live-')).status).toBe(503);
      expect((await client.call('GET', '/probes/-live-')).status).toBe(503);
      expect((await control('DELETE', '/faults')).status).toBe(204);
      expect((await client.call('GET', '/probes/-live-')).status).toBe(200);
    });

    it.each([
      [{}, '"fault" must be a JSON object'],
      [{ fault: { kind: 'no' } }, '"kind" must be one of delay,'],
      [{ fault: { kind: 'delay' } }, '"ms" of fault "delay" is missing or wrong'],
      [{ fault: { kind: 'hang', ms: 1 } }, 'fault "hang" has no "ms"'],
      [{ fault: { kind: 'html', status: 99 } }, '"status" of fault "html"'],
      [{ fault: { kind: 'hang' }, match: { path: '(' } }, '"path" must be a regular expression'],
      [{ fault: { kind: 'hang' }, match: { times: 0 } }, '"times" must be'],
    ])('are refused with a reason: %o', async (body, reason) => {
      const response = await control('POST', '/faults', body);
      expect(response.status).toBe(400);
      expect(response.json.message).toContain(reason);
    });

    it('requests are listed and cleared, except those of the control API itself', async () => {
      await client.call('POST', '/downloads?x=1', { body: '{"nodeIds":[]}' });
      const { json } = await control('GET', '/requests');
      expect(json).toHaveLength(1);
      expect(json[0]).toMatchObject({
        method: 'POST',
        url: `/alfresco${CORE}/downloads?x=1`,
        body: '{"nodeIds":[]}',
        user: 'alice',
        status: 400,
        aborted: false,
      });
      await control('DELETE', '/requests');
      expect((await control('GET', '/requests')).json).toEqual([]);
    });

    it('state, throttle and readiness are shown and set', async () => {
      expect((await control('PUT', '/throttle', { bytesPerSecond: 0 })).status).toBe(204);
      expect(sandbox.bytesPerSecond).toBe(0);
      const id = await client.create([ID.textFile]);
      await client.waitFor(id, 'IN_PROGRESS');
      const { json } = await control('GET', '/state');
      expect(json).toEqual({
        openConnections: expect.any(Number),
        activeResponses: 0,
        ready: true,
        downloads: [id],
      });
      expect((await control('PUT', '/throttle', { bytesPerSecond: null })).status).toBe(204);
      await client.waitFor(id, 'DONE');
      expect((await control('PUT', '/ready', { ready: false })).status).toBe(204);
      expect(sandbox.ready).toBe(false);
      expect((await control('PUT', '/throttle', { bytesPerSecond: 'x' })).status).toBe(400);
      expect((await control('PUT', '/ready', {})).status).toBe(400);
      expect((await control('GET', '/nothing')).status).toBe(404);
    });
  });
});
