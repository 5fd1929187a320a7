import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { FaultProxy } from '../harness/fault-proxy.js';
import { until } from '../harness/polling.js';

let sandbox: Sandbox;
let proxy: FaultProxy;
let bff: Bff;
let api: DownloadsApi;

async function start(variables: Record<string, string>): Promise<void> {
  // More than all buffers on the way hold together.
  sandbox = await startSandbox({ largeFileBytes: 80_000_000 });
  proxy = await FaultProxy.start(Number(new URL(sandbox.url).port));
  bff = await startBff(sandbox.url.replace(/:\d+\//, `:${proxy.port}/`), variables);
  api = DownloadsApi.ofBff(bff.url);
}
afterEach(async () => {
  await bff.close();
  await proxy.close();
  await sandbox.close();
});

/** Waits until Alfresco sends no ZIP any more. */
const idle = () =>
  until(
    () => sandbox.activeResponses,
    (count) => count === 0,
  );

async function drop(answers: readonly Response[]): Promise<void> {
  for (const { body } of answers) await body?.cancel();
}

describe('a connection that the other side has closed as idle', () => {
  let id: string;
  let running: string;
  let used: WeakSet<Socket>;

  beforeEach(async () => {
    await start({ STATUS_FRESHNESS_MS: '0' });
    used = new WeakSet();
    proxy.onRequest = {
      line: /./,
      misbehave: (socket) => {
        used.add(socket);
        return 'pass';
      },
    };
    id = await api.make([SAMPLE_NODES.textFile]);
    running = await api.startStuck();
    proxy.heard.length = 0;
  });

  /** Connections that were used before break as soon as they are used again; new ones work. */
  const breakUsed = (end: (socket: Socket) => void) => {
    proxy.onRequest = {
      line: /./,
      misbehave: (socket) => (used.has(socket) ? end(socket) : 'pass'),
    };
  };
  const ends: [string, (socket: Socket) => void][] = [
    ['resets', (socket) => void socket.resetAndDestroy()],
    ['closes', (socket) => void socket.end()],
  ];

  it.each(ends)(
    'and %s when it is used again, is replaced where that is safe',
    async (_how, end) => {
      breakUsed(end);
      expect((await api.request('GET', `/downloads/${running}`)).status).toBe(200);
      expect(proxy.heard).toHaveLength(2);
    },
  );

  it.each(ends)('and %s, does not spoil a cancellation or a ZIP', async (_how, end) => {
    breakUsed(end);
    expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
    proxy.reset();
    used = new WeakSet();
    expect(await api.content(id)).not.toHaveLength(0);
  });

  it.each(ends)('and %s, never gets a POST or a removal sent again', async (_how, end) => {
    const before = sandbox.downloadIds().length;
    breakUsed(end);
    const answer = await api.create([SAMPLE_NODES.textFile]);
    expect(await answer.json()).toMatchObject({ status: 502, code: 'ALFRESCO_UNREACHABLE' });
    expect(proxy.heard).toHaveLength(1);
    expect(sandbox.downloadIds()).toHaveLength(before);

    proxy.onRequest = undefined;
    await api.status(id);
    proxy.heard.length = 0;
    proxy.onRequest = { line: /^DELETE/, misbehave: end };
    expect((await api.request('DELETE', `/nodes/${id}`)).status).toBe(502);
    expect(proxy.heard).toHaveLength(1);
  });
});

describe('a POST', () => {
  it('is sent again when no connection could be made, and makes one ZIP', async () => {
    await start({ STATUS_FRESHNESS_MS: '0' });
    const listen = await proxy.refuse();
    const answer = api.create([SAMPLE_NODES.textFile]);
    await sleep(50);
    await listen();
    expect((await answer).status).toBe(202);
    expect(proxy.heard).toHaveLength(1);
    expect(sandbox.downloadIds()).toHaveLength(1);
  });
});

describe('ZIPs that are being sent', () => {
  const PLACES = 3;
  let id: string;
  let running: string;

  beforeEach(async () => {
    await start({
      ALFRESCO_MAX_CONNECTIONS: '4',
      ALFRESCO_TIMEOUT_MS: '500',
      STATUS_FRESHNESS_MS: '0',
    });
    id = await api.make([SAMPLE_NODES.largeFile]);
    running = await api.startStuck();
  });

  const save = (signal?: AbortSignal) =>
    api.request('GET', `/downloads/${id}/content`, signal ? { signal } : {});

  /** Transfers whose callers read nothing. */
  async function hold(count: number): Promise<Response[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => save()));
    expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(200));
    return answers;
  }

  it('leave connections to calls that look at downloads', async () => {
    const held = await hold(PLACES);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.request('GET', `/downloads/${running}`)),
    );
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(sandbox.openConnections).toBeLessThanOrEqual(4);
    await drop(held);
  });

  it('make one more wait, and then come back later', async () => {
    const held = await hold(PLACES);
    const refused = await save();
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ status: 503, code: 'ALFRESCO_UNAVAILABLE' });
    expect(sandbox.activeResponses).toBe(PLACES);

    const waiting = save();
    await held[0]!.body?.cancel();
    const next = await waiting;
    expect(next.status).toBe(200);
    await drop([...held.slice(1), next]);
    await idle();
  });

  it('keep no place for a caller who left while he waited', async () => {
    const held = await hold(PLACES);
    const caller = new AbortController();
    const waiting = save(caller.signal);
    await until(
      () => sandbox.requests.filter(({ url }) => url.endsWith(id)).length,
      (count) => count > PLACES,
    );
    await sleep(50);
    caller.abort();
    await expect(waiting).rejects.toThrow();
    await drop(held);
    await idle();
    await drop(await hold(PLACES));
  });

  it('give back their places however they end', async () => {
    for (let round = 0; round < 30; round += 1) {
      const caller = new AbortController();
      if (round % 2 === 0) {
        const kind = round % 4 === 0 ? 'reset-mid-body' : 'truncate';
        sandbox.fail({ kind, afterBytes: round * 1000 }, { path: /\/content$/ });
      }
      const transfer = save(caller.signal).then(async ({ body }) => {
        await sleep(round % 7);
        await body?.cancel();
      });
      if (round % 3 === 0) void sleep(round % 11).then(() => caller.abort());
      await transfer.catch(() => {});
    }
    sandbox.clearFaults();
    await idle();
    await drop(await hold(PLACES));
  });
});
