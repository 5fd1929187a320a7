import { CircuitBreakers } from '#service/alfresco/http/circuit-breaker.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Fault, Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { createCaller } from '../harness/callers.js';
import { clockOfFile } from '../harness/clock.js';
import type { FaultProxy } from '../harness/fault-proxy.js';
import { until } from '../harness/polling.js';
import { proxied } from '../harness/proxied.js';

const LIMITS = {
  ALFRESCO_TIMEOUT_MS: '2000',
  ALFRESCO_IDLE_TIMEOUT_MS: '2000',
  STATUS_FRESHNESS_MS: '0',
};
/** Pauses that end only when a test advances the clock. */
const PACING = {
  breaker: { firstMs: 60_000, longestMs: 240_000 },
  retry: { firstMs: 5, longestMs: 20 },
  health: { rememberMs: 0 },
  login: { firstMs: 60_000, longestMs: 60_000 },
};
/** Failures in a row that open a breaker. */
const ENOUGH = 5;
const skip = clockOfFile();

const it = proxied({ sandbox: { estimateDelayMs: 1 }, variables: LIMITS, pacing: PACING }).extend(
  'calls',
  { scope: 'file' },
  async ({ bff }) => {
    const api = new DownloadsApi(bff.url, createCaller().headers);
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    // Different downloads, since concurrent reads of one share a request to Alfresco.
    const running = await startStuck(api, ENOUGH);
    return {
      api,
      read: (index = 0) => api.request('GET', `/downloads/${running[index]}`),
      create: () => api.create([SAMPLE_NODES.textFile]),
      cancel: () => api.request('DELETE', `/downloads/${id}`),
      save: () => api.request('GET', `/downloads/${id}/content`),
      ready: async () => (await fetch(`${bff.url}/health/ready`)).status,
      states: () =>
        Object.fromEntries(
          bff.app
            .get(CircuitBreakers)
            .states()
            .map(({ operation, state }) => [operation, state]),
        ),
    };
  },
);

/** Resets all connections, open and new ones. */
async function resetAll(proxy: FaultProxy): Promise<void> {
  proxy.reset();
  proxy.onConnection = (socket) => void socket.resetAndDestroy();
}

const startStuck = (api: DownloadsApi, count: number) =>
  Promise.all(Array.from({ length: count }, () => api.startStuck()));

/** The problem code, or the status of a success. */
async function codeOf(call: () => Promise<Response>): Promise<string | number> {
  const response = await call();
  const text = await response.text();
  return response.ok ? response.status : (JSON.parse(text) as { code: string }).code;
}

/** Makes this many concurrent calls, none of which succeeds. */
async function fail(times: number, call: (index: number) => Promise<Response>): Promise<void> {
  const codes = await Promise.all(
    Array.from({ length: times }, (_, index) => codeOf(() => call(index))),
  );
  for (const code of codes) expect(code).toMatch(/^ALFRESCO_(?:UNREACHABLE|TIMEOUT|ERROR)$/);
}

/** Calls again after the `Retry-After` of an open breaker. */
async function comeBack(call: () => Promise<Response>): Promise<Response> {
  const refused = await call();
  await refused.arrayBuffer();
  expect(refused.status).toBe(503);
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThanOrEqual(1);
  skip(seconds * 1000);
  return call();
}

describe('a circuit breaker', () => {
  it.afterEach(async ({ calls, sandbox, proxy }) => {
    sandbox.clearFaults();
    proxy.clear();
    skip(PACING.breaker.longestMs);
    for (const call of [calls.read, calls.cancel, calls.save]) {
      expect(await codeOf(() => call())).toBeLessThan(300);
    }
    expect(calls.states()).toMatchObject({ read: 'closed', write: 'closed', content: 'closed' });
  });

  it.for<
    [
      string,
      (proxy: FaultProxy, sandbox: Sandbox) => Promise<unknown>,
      (proxy: FaultProxy, sandbox: Sandbox) => Promise<void>,
    ]
  >([
    ['Alfresco resets connections', resetAll, async (proxy) => proxy.clear()],
    [
      'Alfresco never responds',
      async (proxy) => {
        proxy.reset();
        proxy.onConnection = () => {};
      },
      async (proxy) => proxy.clear(),
    ],
    [
      'a proxy responds with 503',
      async (_, sandbox) => sandbox.fail({ kind: 'html', status: 503 }, { times: Infinity }),
      async (_, sandbox) => sandbox.clearFaults(),
    ],
  ])(
    'opens when %s, sends Alfresco nothing, and closes when it is back',
    async ([, begin, end], { calls, proxy, sandbox }) => {
      await begin(proxy, sandbox);
      await fail(ENOUGH, calls.read);
      proxy.requestLines.length = 0;
      sandbox.clearRequests();
      for (let count = 0; count < 5; count += 1) {
        expect(await codeOf(calls.read)).toBe('ALFRESCO_UNAVAILABLE');
      }
      expect([proxy.requestLines, sandbox.requests]).toEqual([[], []]);
      expect(calls.states()).toMatchObject({ read: 'open', write: 'closed', content: 'closed' });

      await end(proxy, sandbox);
      expect((await comeBack(calls.read)).status).toBe(200);
      expect(calls.states().read).toBe('closed');
      expect(await codeOf(calls.read)).toBe(200);
    },
  );

  it('stays open, with a pause twice as long, while Alfresco is not back', async ({
    calls,
    proxy,
  }) => {
    await resetAll(proxy);
    await fail(ENOUGH, calls.read);
    expect(await (await comeBack(calls.read)).json()).toMatchObject({
      code: 'ALFRESCO_UNREACHABLE',
    });
    const refused = await calls.read();
    expect(refused.status).toBe(503);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(100);
    expect(seconds).toBeLessThanOrEqual(120);
    proxy.clear();
    expect((await comeBack(calls.read)).status).toBe(200);
  });

  it.for<[string, Fault]>([
    ['404', { kind: 'status', status: 404 }],
    ['500', { kind: 'status', status: 500 }],
    ['a page of HTML', { kind: 'html', status: 200 }],
    ['broken JSON', { kind: 'malformed-json' }],
    ['rejected credentials', { kind: 'status', status: 401 }],
  ])('does not open for %s', async ([, fault], { calls, sandbox }) => {
    sandbox.fail(fault, { times: Infinity });
    for (let count = 0; count < 12; count += 1) {
      for (const call of [calls.read, calls.create]) {
        expect(await codeOf(() => call())).not.toBe('ALFRESCO_UNAVAILABLE');
      }
    }
    sandbox.clearFaults();
    skip(PACING.login.longestMs);
    expect(await codeOf(calls.read)).toBe(200);
  });

  it('does not open for refused connections, which fail at once, and may be due to too many ZIPs', async ({
    calls,
    proxy,
  }) => {
    const listen = await proxy.refuse();
    for (let count = 0; count < 3; count += 1) {
      for (const call of [calls.read, calls.create, calls.cancel]) await fail(ENOUGH, call);
    }
    expect(calls.states()).toMatchObject({ read: 'closed', write: 'closed', login: 'closed' });
    await listen();
    // From the next call on.
    expect(await codeOf(calls.read)).toBe(200);
    expect(await codeOf(calls.create)).toBe(202);
  });

  it('for writes blocks neither reads nor content', async ({ calls, sandbox }) => {
    sandbox.fail({ kind: 'hang' }, { method: 'POST', times: Infinity });
    await fail(ENOUGH, calls.create);
    expect(await codeOf(calls.create)).toBe('ALFRESCO_UNAVAILABLE');
    expect(await codeOf(calls.cancel)).toBe('ALFRESCO_UNAVAILABLE');
    expect(await codeOf(calls.read)).toBe(200);
    expect(await codeOf(calls.save)).toBe(200);
  });

  it('for content blocks neither reads nor writes', async ({ calls, sandbox }) => {
    sandbox.fail({ kind: 'reset' }, { path: /\/content$/, times: Infinity });
    await fail(ENOUGH, calls.save);
    expect(await codeOf(calls.save)).toBe('ALFRESCO_UNAVAILABLE');
    expect(await codeOf(calls.read)).toBe(200);
    expect(await codeOf(calls.create)).toBe(202);
  });

  it('never blocks the readiness probe', async ({ calls, proxy }) => {
    const listen = await proxy.refuse();
    for (let count = 0; count < 12; count += 1) expect(await calls.ready()).toBe(503);
    await listen();
    // Not at once: a check serves all calls of a moment. A breaker would block it until the clock is advanced.
    await until(calls.ready, (status) => status === 200);
  });

  it('for logins opens when none succeeds, and then blocks them', async ({ sandbox }) => {
    const create = await createWithTicket(sandbox);
    sandbox.fail({ kind: 'reset' }, { path: /\/tickets$/, times: Infinity });
    sandbox.clearRequests();
    // One after another: concurrent calls share a login.
    for (let count = 0; count < ENOUGH; count += 1) await fail(1, create);
    expect(sandbox.requests).toHaveLength(ENOUGH);
    expect(await codeOf(create)).toBe('ALFRESCO_UNAVAILABLE');
    expect(sandbox.requests).toHaveLength(ENOUGH);
    sandbox.clearFaults();
    expect((await comeBack(create)).status).toBe(202);
  });

  it('that is open blocks logins, too', async ({ sandbox }) => {
    const create = await createWithTicket(sandbox);
    expect(await codeOf(create)).toBe(202);
    sandbox.fail({ kind: 'reset' }, { method: 'POST', path: /\/downloads$/, times: Infinity });
    await fail(ENOUGH, create);
    sandbox.expireTickets();
    sandbox.clearRequests();
    expect(await codeOf(create)).toBe('ALFRESCO_UNAVAILABLE');
    expect(sandbox.requests).toEqual([]);
  });

  it('lets only one of many calls probe whether Alfresco is back', async ({ calls, proxy }) => {
    const { api } = calls;
    const running = await startStuck(api, 20);
    const downloads = new Map<string, object>();
    for (const id of running) downloads.set(id, await api.status(id));
    await resetAll(proxy);
    await fail(ENOUGH, calls.read);
    proxy.clear();
    let respond: (() => void) | undefined;
    proxy.onRequest = {
      line: /^GET/,
      misbehave: (socket) => {
        const id = /[^/]+$/.exec(proxy.requestLines.at(-1)!)![0];
        const body = JSON.stringify({ entry: downloads.get(id) });
        const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
        respond = () => void socket.write(`${head}\r\n\r\n${body}`);
      },
    };
    proxy.requestLines.length = 0;
    skip(PACING.breaker.firstMs);
    const codes: (string | number)[] = [];
    const reads = running.map(async (id) =>
      codes.push(await codeOf(() => api.request('GET', `/downloads/${id}`))),
    );
    await until(
      () => ({ refused: codes.length, hasProbe: respond !== undefined }),
      ({ refused, hasProbe }) => refused === 19 && hasProbe,
    );
    expect(codes).toEqual(Array(19).fill('ALFRESCO_UNAVAILABLE'));
    respond!();
    await Promise.all(reads);
    expect(codes.at(-1)).toBe(200);
    expect(proxy.requestLines).toHaveLength(1);
    proxy.onRequest = undefined;
    expect(await codeOf(calls.read)).toBe(200);
  });
});

/** A POST to a separate service, which logs in on its first call. */
async function createWithTicket({ url }: Sandbox): Promise<() => Promise<Response>> {
  const variables = { ...LIMITS, ALFRESCO_AUTH: 'ticket' };
  const service = await startBff(url, variables, { pacing: PACING });
  onTestFinished(() => service.close());
  return () => DownloadsApi.ofBff(service.url).create([SAMPLE_NODES.textFile]);
}
