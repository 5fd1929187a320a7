import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, basic, CALLERS, environment } from '../harness/bff.js';
import { it as base } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { rawRequest } from '../harness/raw-http.js';
import { Scrape } from '../harness/scrape.js';
import { ServiceProcess } from '../harness/service-process.js';
import { Transfer, wholeOf } from '../harness/transfer.js';
import {
  withoutKeepAlive,
  beginShutdown,
  expectWholeAfterSigterm,
  GENEROUS_LIMITS,
} from './transfers-at-shutdown.js';

const AS_ZOE = { authorization: basic(CALLERS.zoe) };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workers-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Two workers that share a SQLite file. */
const twoWorkers = (more: Record<string, string> = {}) => ({
  ...GENEROUS_LIMITS,
  WORKERS: '2',
  STORE_URL: `sqlite:${join(folder, 'downloads.db')}`,
  LOG_LEVEL: 'log',
  ...more,
});

async function start(
  alfrescoUrl: string,
  onEnd: (end: () => Promise<void>) => void,
  more: Record<string, string> = {},
): Promise<ServiceProcess> {
  const service = await ServiceProcess.start(alfrescoUrl, twoWorkers(more));
  onEnd(async () => {
    service.child.kill('SIGKILL');
    await service.exit();
  });
  return service;
}

/** Process ids of the workers. */
async function workersOf({ child: { pid } }: ServiceProcess): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

/** Tests that share two workers, and do not stop them. */
const withTwo = base
  .extend('service', { scope: 'file' }, ({ runningSandbox }, { onCleanup }) =>
    start(runningSandbox.url, onCleanup, { RATE_LIMIT: 'on', RATE_LIMIT_FAILED_LOGINS: '4' }),
  )
  // A new connection for each request, so that workers take turns.
  .extend('send', { scope: 'file' }, ({ service }) => {
    const port = Number(new URL(service.url!).port);
    return (
      path: string,
      headers: Record<string, string> = AS_ALICE,
      method = 'GET',
      body?: string,
    ) => rawRequest(port, { path, headers, method, ...(body !== undefined && { body }) });
  })
  .extend(
    'scrape',
    { scope: 'file' },
    ({ service }) =>
      () =>
        Scrape.of(service.url!),
  )
  .extend('api', ({ service }) => withoutKeepAlive(service));

/** Number of responses according to the metrics. */
const total = (page: Scrape) => page.value('bff_http_request_duration_seconds_count', {})!;

describe('two workers', () => {
  const it = withTwo;

  it('listen on one port, announce it once, and both respond', async ({ service, send }) => {
    expect(await workersOf(service)).toHaveLength(2);
    expect(service.text.match(/listens on/g)).toHaveLength(1);
    await until(
      async () => {
        await send('/downloads');
        const lines = service.text.matchAll(/"worker":(\d+),.*"route":/g);
        return new Set([...lines].map(([, id]) => id)).size;
      },
      (count) => count === 2,
    );
  });

  // Before the test of wrong passwords, which are zoë's.
  it('share the count of requests', async ({ send }) => {
    const left = async () => {
      const { ratelimit = '' } = (await send('/downloads', AS_ZOE)).headers;
      return Number(/"caller";r=(\d+)/.exec(ratelimit)?.[1]);
    };
    const first = await left();
    expect([await left(), await left(), await left()]).toEqual([first - 1, first - 2, first - 3]);
  });

  it('know each other’s downloads', async ({ send, api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const whole = await api.content(id);
    for (let time = 0; time < 6; time += 1) {
      expect((await send(`/downloads/${id}`)).json()).toMatchObject({ entry: { status: 'DONE' } });
      expect((await send(`/downloads/${id}/events`)).body).toContain('event: done');
      const { status, headers } = await send(`/downloads/${id}/content`, AS_ALICE, 'HEAD');
      expect([status, headers['content-length']]).toEqual([200, String(whole.length)]);
    }
  });

  it('make one download for fifty concurrent requests with one Idempotency-Key', async ({
    sandbox,
    send,
  }) => {
    const headers = {
      ...AS_ALICE,
      'content-type': 'application/json',
      'idempotency-key': `"${randomUUID()}"`,
    };
    const post = () =>
      send('/downloads', headers, 'POST', JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }));
    const responses = await Promise.all(Array.from({ length: 50 }, post));
    // Once per worker.
    responses.push(await post(), await post());
    const made = responses.filter(({ status }) => status === 202).map((one) => one.json());
    expect(made.length).toBeGreaterThanOrEqual(3);
    expect(new Set(made.map(({ entry }) => (entry as { id: string }).id)).size).toBe(1);
    for (const refused of responses.filter(({ status }) => status !== 202)) {
      expect(refused.json()).toMatchObject({ status: 409, code: 'IDEMPOTENCY_KEY_IN_USE' });
    }
    expect(sandbox.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('accept each other’s signed links without a configured secret', async ({
    service,
    send,
    api,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    for (let time = 0; time < 20; time += 1) {
      const made = await send(`/downloads/${id}/request-direct-access-url`, AS_ALICE, 'POST');
      const { entry } = made.json() as { entry: { contentUrl: string } };
      const { pathname, search } = new URL(entry.contentUrl);
      expect((await send(pathname + search, {})).status).toBe(200);
    }
    expect(service.text.match(/LINK_SECRET is not set/g)).toHaveLength(1);
  });

  it('share the count of wrong passwords', async ({ send }) => {
    const guess = async (name: string) => {
      const { status } = await send('/downloads', {
        authorization: basic({ name, password: randomUUID() }),
      });
      return status;
    };
    const statuses: number[] = [];
    for (let time = 0; time < 6; time += 1) statuses.push(await guess(CALLERS.zoe.name));
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    const atOnce = await Promise.all(Array.from({ length: 30 }, () => guess('unknown')));
    // Each worker may have one more attempt in progress.
    expect(atOnce.filter((status) => status === 401).length).toBeLessThanOrEqual(5);
  });

  it('are one service in /metrics', async ({ send, scrape }) => {
    const count = async () =>
      (await scrape()).value('bff_http_request_duration_seconds_count', { route: '/downloads' })!;
    const before = await count();
    for (let time = 0; time < 10; time += 1) await send('/downloads');
    await until(count, (now) => now >= before + 10);
    const page = await scrape();
    expect(page.value('bff_workers', {})).toBe(2);
    expect(page.value('bff_workers_silent', {})).toBe(0);
    expect(page.series('bff_build_info').map(({ value }) => value)).toEqual([1]);
    expect(page.value('bff_breaker_state', { operation: 'read' })).toBe(0);
  });

  it('count as silent in /metrics when they hang', async ({ service, scrape }) => {
    const [victim] = await workersOf(service);
    process.kill(victim!, 'SIGSTOP');
    // Requests on connections of the worker that hangs wait for it.
    const pages = Array.from({ length: 4 }, scrape);
    try {
      const [count] = await Promise.race(pages.map(async (page) => [(await page).text] as const));
      expect(count).toContain('bff_workers_silent 1');
    } finally {
      process.kill(victim!, 'SIGCONT');
    }
    await Promise.all(pages);
  });

  it('are replaced when they are killed, without an outage, and without a drop in the totals', async ({
    service,
    send,
    scrape,
  }) => {
    const [victim] = await workersOf(service);
    const before = total(await scrape());
    process.kill(victim!, 'SIGKILL');
    await until(
      () => service.text,
      (text) => text.includes('ended with SIGKILL'),
    );
    expect((await send('/downloads')).status).toBe(200);
    expect(total(await scrape())).toBeGreaterThanOrEqual(before);
    await until(
      async () => (await scrape()).value('bff_workers', {}),
      (count) => count === 2,
    );
    expect(await workersOf(service)).not.toContain(victim);
  });

  it(
    'are all replaced on SIGHUP, and nothing is lost',
    { timeout: 60_000 },
    async ({ service, api, scrape }) => {
      const id = await api.createFinished([SAMPLE_NODES.mediumFile]);
      const whole = wholeOf(await api.content(id));
      const before = await workersOf(service);
      const transfers = await Transfer.beginMany(api, id, 4);
      const counted = total(await scrape());
      const clients = Array.from({ length: 6 }, () => keepAsking(`${service.url}/health/live`));
      service.child.kill('SIGHUP');
      await until(
        () => service.text,
        (text) => text.includes('All workers have been replaced'),
        { forMs: 40_000 },
      );
      const responses = (await Promise.all(clients.map((client) => client.stop()))).flat();
      expect(responses.length).toBeGreaterThan(20);
      expect(new Set(responses)).toEqual(new Set(['200']));
      const received = await Promise.all(transfers.map((transfer) => transfer.finish()));
      expect(received).toEqual(Array(4).fill(whole));
      await until(
        () => workersOf(service),
        (now) => now.length === 2 && !now.some((pid) => before.includes(pid)),
      );
      expect(total(await scrape())).toBeGreaterThanOrEqual(counted + responses.length);
    },
  );

  // The last test of this service.
  it(
    'exit with 0 on SIGTERM once running transfers are complete',
    { timeout: 60_000 },
    async ({ service }) => {
      await expectWholeAfterSigterm(service, 4);
    },
  );
});

/** Makes requests in a loop over one keep-alive connection, until the service closes it. */
function keepAsking(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const outcomes: string[] = [];
  const stopping = new AbortController();
  const once = () =>
    new Promise<string>((resolve) => {
      get(url, { agent }, (response) => {
        response.resume();
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => resolve(String(response.statusCode)));
      }).on('error', (error) => resolve(error.message));
    });
  const ended = (async () => {
    while (!stopping.signal.aborted) {
      outcomes.push(await once());
      // Leaves CPU time to the workers that start.
      await sleep(5);
    }
    agent.destroy();
  })();
  return {
    async stop() {
      stopping.abort();
      await ended;
      return outcomes;
    },
  };
}

describe('the shutdown of several workers', { timeout: 60_000 }, () => {
  const it = base.extend('service', ({ runningSandbox }, { onCleanup }) =>
    start(runningSandbox.url, onCleanup),
  );

  it('is immediate on a second signal', async ({ service }) => {
    const api = withoutKeepAlive(service);
    const transfer = await Transfer.begin(api, await api.createFinished([SAMPLE_NODES.mediumFile]));
    await beginShutdown(service);
    service.child.kill('SIGTERM');
    expect(await service.exit()).toBe(143);
    await expect(transfer.finish()).rejects.toThrow();
  });

  it('follows the end of their primary, even when it is killed', async ({ service }) => {
    const pids = await workersOf(service);
    expect(pids).toHaveLength(2);
    service.child.kill('SIGKILL');
    // The output is closed when the last process that holds it has exited.
    await service.exit();
    for (const pid of pids) {
      // Empty for a process that has exited but has not been reaped.
      expect(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).toBe('');
    }
  });
});

describe('several workers do not start', () => {
  const it = base.extend(
    'refused',
    ({ runningSandbox }) =>
      async (more: Record<string, string>) => {
        const spawned = ServiceProcess.spawn(environment(runningSandbox.url, twoWorkers(more)));
        return { code: await spawned.exit(), text: spawned.text };
      },
  );

  it('with a store in memory', async ({ refused }) => {
    expect(await refused({ STORE_URL: 'sqlite::memory:' })).toEqual({
      code: 78,
      text: [
        'The configuration has a problem:',
        '  - WORKERS="2": needs a store that processes share, not STORE_URL=sqlite::memory:',
        'Each variable is described in .env.example.',
        '',
      ].join('\n'),
    });
  });

  it('on a port in use, and say so once', async ({ runningSandbox, refused }) => {
    const PORT = new URL(runningSandbox.url).port;
    const { code, text } = await refused({
      PORT,
      LINK_SECRET: 'x'.repeat(32),
      LOG_LEVEL: 'silent',
    });
    expect(code).toBe(1);
    expect(text).toBe(
      `Cannot listen on HOST="127.0.0.1" PORT="${PORT}": another process uses this port.\n`,
    );
  });

  it('with a store that cannot be used', async ({ refused }) => {
    const { code, text } = await refused({ STORE_URL: `sqlite:${folder}`, LOG_LEVEL: 'silent' });
    expect(code).toBe(78);
    expect(text.match(/STORE_URL: the SQLite file cannot be used/g)).toHaveLength(1);
  });
});
