import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Fault, type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { UpstreamPolicy } from '#service/alfresco/upstream/upstream.policy.js';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { FaultProxy } from '../harness/fault-proxy.js';
import { until } from '../harness/polling.js';

const LIMITS = {
  ALFRESCO_TIMEOUT_MS: '1000',
  ALFRESCO_IDLE_TIMEOUT_MS: '1000',
  STATUS_FRESHNESS_MS: '0',
};
/** Failures in a row that open a breaker. */
const ENOUGH = 5;

let sandbox: Sandbox;
let proxy: FaultProxy;
let bff: Bff;
let api: DownloadsApi;
let id: string;
/** Distinct ones, since calls about one download share a look at it. */
let running: string[];

beforeEach(async () => {
  sandbox = await startSandbox();
  proxy = await FaultProxy.start(Number(new URL(sandbox.url).port));
  bff = await startBff(sandbox.url.replace(/:\d+\//, `:${proxy.port}/`), LIMITS);
  api = DownloadsApi.ofBff(bff.url);
  id = await api.make([SAMPLE_NODES.textFile]);
  running = await startStuck(ENOUGH);
});
afterEach(async () => {
  await bff.close();
  await proxy.close();
  await sandbox.close();
});

const startStuck = (count: number) =>
  Promise.all(Array.from({ length: count }, () => api.startStuck()));
const look = (index = 0) => api.request('GET', `/downloads/${running[index]}`);
const cancel = () => api.request('DELETE', `/downloads/${id}`);
const create = () => api.create([SAMPLE_NODES.textFile]);
const ready = async () => (await fetch(`${bff.url}/health/ready`)).status;
const save = () => api.request('GET', `/downloads/${id}/content`);

/** The code of a problem, or the status of what is none. */
async function codeOf(call: () => Promise<Response>): Promise<string | number> {
  const answer = await call();
  const text = await answer.text();
  return answer.ok ? answer.status : (JSON.parse(text) as { code: string }).code;
}

const states = () =>
  Object.fromEntries(
    bff.app
      .get(UpstreamPolicy)
      .breakers()
      .map(({ operation, state }) => [operation, state]),
  );

/** So many calls at the same time, none of which succeeds. */
async function fail(times: number, call: (index: number) => Promise<Response>): Promise<void> {
  const codes = await Promise.all(
    Array.from({ length: times }, (_, index) => codeOf(() => call(index))),
  );
  for (const code of codes) expect(code).toMatch(/^ALFRESCO_(?:UNREACHABLE|TIMEOUT|ERROR)$/);
}

/** Waits as long as the answer says, which is not ALFRESCO_UNAVAILABLE any more. */
async function comeBack(call: () => Promise<Response>): Promise<Response> {
  const refused = await call();
  await refused.arrayBuffer();
  expect(refused.status).toBe(503);
  const seconds = Number(refused.headers.get('retry-after'));
  expect(seconds).toBeGreaterThanOrEqual(1);
  await sleep(seconds * 1000);
  return call();
}

describe('a breaker', () => {
  let listenAgain: () => Promise<void>;

  it.each<[string, () => Promise<unknown>, () => Promise<void>]>([
    ['nobody listens', async () => (listenAgain = await proxy.refuse()), async () => listenAgain()],
    [
      'nothing is answered',
      async () => {
        proxy.reset();
        proxy.onConnection = () => {};
      },
      async () => proxy.clear(),
    ],
    [
      'a proxy answers 503',
      async () => sandbox.fail({ kind: 'html', status: 503 }, { times: Infinity }),
      async () => sandbox.clearFaults(),
    ],
  ])(
    'opens when %s, asks Alfresco nothing, and closes when it is back',
    async (_name, begin, end) => {
      await begin();
      await fail(ENOUGH, look);
      proxy.heard.length = 0;
      sandbox.clearRequests();
      for (let count = 0; count < 5; count += 1) {
        expect(await codeOf(look)).toBe('ALFRESCO_UNAVAILABLE');
      }
      expect([proxy.heard, sandbox.requests]).toEqual([[], []]);
      expect(states()).toMatchObject({ read: 'open', write: 'closed', content: 'closed' });

      await end();
      expect((await comeBack(look)).status).toBe(200);
      expect(states().read).toBe('closed');
      expect(await codeOf(look)).toBe(200);
    },
  );

  it('stays open, with a longer pause, when Alfresco is not back', async () => {
    const listen = await proxy.refuse();
    await fail(ENOUGH, look);
    expect(await (await comeBack(look)).json()).toMatchObject({ code: 'ALFRESCO_UNREACHABLE' });
    const refused = await look();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('2');
    await listen();
    expect((await comeBack(look)).status).toBe(200);
  });

  it.each<[string, Fault]>([
    ['404', { kind: 'status', status: 404 }],
    ['500', { kind: 'status', status: 500 }],
    ['a page of HTML', { kind: 'html', status: 200 }],
    ['broken JSON', { kind: 'malformed-json' }],
    ['an account that is refused', { kind: 'status', status: 401 }],
  ])('does not open for %s', async (_name, fault) => {
    sandbox.fail(fault, { times: Infinity });
    for (let count = 0; count < 12; count += 1) {
      for (const call of [look, create]) {
        expect(await codeOf(call)).not.toBe('ALFRESCO_UNAVAILABLE');
      }
    }
    sandbox.clearFaults();
    expect(await codeOf(look)).toBe(200);
  });

  it('of writing leaves looking and ZIPs alone', async () => {
    sandbox.fail({ kind: 'hang' }, { method: 'POST', times: Infinity });
    await fail(ENOUGH, create);
    expect(await codeOf(create)).toBe('ALFRESCO_UNAVAILABLE');
    expect(await codeOf(cancel)).toBe('ALFRESCO_UNAVAILABLE');
    expect(await codeOf(look)).toBe(200);
    expect(await codeOf(save)).toBe(200);
  });

  it('of ZIPs leaves the rest alone', async () => {
    sandbox.fail({ kind: 'reset' }, { path: /\/content$/, times: Infinity });
    await fail(ENOUGH, save);
    expect(await codeOf(save)).toBe('ALFRESCO_UNAVAILABLE');
    expect(await codeOf(look)).toBe(200);
    expect(await codeOf(create)).toBe(202);
  });

  it('never keeps the readiness probe from finding out', async () => {
    const listen = await proxy.refuse();
    for (let count = 0; count < 12; count += 1) expect(await ready()).toBe(503);
    await listen();
    expect(await ready()).toBe(200);
  });

  it('of logging in opens when no login succeeds, and then no login is tried', async () => {
    const other = await startBff(sandbox.url, { ...LIMITS, ALFRESCO_AUTH: 'ticket' });
    const otherApi = DownloadsApi.ofBff(other.url);
    const createThere = () => otherApi.create([SAMPLE_NODES.textFile]);
    sandbox.fail({ kind: 'reset' }, { path: /\/tickets$/, times: Infinity });
    sandbox.clearRequests();
    // One after the other: calls at the same time share a login.
    for (let count = 0; count < ENOUGH; count += 1) await fail(1, createThere);
    expect(sandbox.requests).toHaveLength(ENOUGH);
    expect(await codeOf(createThere)).toBe('ALFRESCO_UNAVAILABLE');
    expect(sandbox.requests).toHaveLength(ENOUGH);
    sandbox.clearFaults();
    expect((await comeBack(createThere)).status).toBe(202);
    await other.close();
  });

  it('asks for no login when it is open itself', async () => {
    const other = await startBff(sandbox.url, { ...LIMITS, ALFRESCO_AUTH: 'ticket' });
    const otherApi = DownloadsApi.ofBff(other.url);
    await otherApi.make([SAMPLE_NODES.textFile]);
    const createThere = () => otherApi.create([SAMPLE_NODES.textFile]);
    sandbox.fail({ kind: 'reset' }, { method: 'POST', path: /\/downloads$/, times: Infinity });
    await fail(ENOUGH, createThere);
    sandbox.expireTickets();
    sandbox.clearRequests();
    expect(await codeOf(createThere)).toBe('ALFRESCO_UNAVAILABLE');
    expect(sandbox.requests).toEqual([]);
    await other.close();
  });

  it('lets only one of many calls find out', async () => {
    running = await startStuck(20);
    const listen = await proxy.refuse();
    await fail(ENOUGH, look);
    await listen();
    sandbox.fail({ kind: 'delay', ms: 500 }, { path: /\/downloads\/[^/]+$/ });
    sandbox.clearRequests();
    await sleep(1000);
    const codes = await Promise.all(running.map((_, index) => codeOf(() => look(index))));
    expect(codes.filter((code) => code === 200)).toHaveLength(1);
    expect(codes.filter((code) => code === 'ALFRESCO_UNAVAILABLE')).toHaveLength(19);
    expect(sandbox.requests).toHaveLength(1);
    await until(
      () => codeOf(look),
      (code) => code === 200,
    );
  });
});
