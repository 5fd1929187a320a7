import { createHash, randomUUID } from 'node:crypto';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, basic, environment } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { rawRequest } from '../harness/raw-http.js';
import { Scrape } from '../harness/scrape.js';
import { ServiceProcess } from '../harness/service-process.js';

let sandbox: Sandbox;
let folder: string;
let service: ServiceProcess;
let api: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  folder = await mkdtemp(join(tmpdir(), 'workers-'));
});
afterAll(async () => {
  service.child.kill('SIGKILL');
  await service.exit();
  await sandbox.close();
  await rm(folder, { recursive: true });
});

/** The environment of two processes that share a file. */
const shared = (more: Record<string, string> = {}) => ({
  WORKERS: '2',
  STORE_URL: `sqlite:${join(folder, 'downloads.db')}`,
  LOG_LEVEL: 'log',
  ALFRESCO_MAX_CONNECTIONS: '64',
  SHUTDOWN_GRACE_MS: '20000',
  ...more,
});

async function start(more: Record<string, string> = {}): Promise<void> {
  service = await ServiceProcess.start(sandbox.url, shared(more));
  // A connection that is kept alive keeps the worker that has it from ending before the client lets go.
  api = new DownloadsApi(service.url!, { ...AS_ALICE, connection: 'close' });
}

const port = () => Number(new URL(service.url!).port);

/** On a connection of its own, and so by whichever worker has the next turn. */
const ask = (path: string, headers: Record<string, string> = AS_ALICE, method = 'GET') =>
  rawRequest(port(), { path, headers, method });

/** Process ids of the workers. */
async function workers(): Promise<number[]> {
  const { pid } = service.child;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

/** The workers that have logged a request. */
const heard = () =>
  new Set([...service.text.matchAll(/"worker":(\d+),.*"route":/g)].map(([, id]) => id));

/** A transfer that has begun, and goes on when told to. */
async function begin(id: string) {
  const answer = await api.request('GET', `/downloads/${id}/content`);
  const reader = answer.body!.getReader();
  const hash = createHash('sha256');
  const take = async () => {
    const { done, value } = await reader.read();
    if (value) hash.update(value);
    return done;
  };
  await take();
  return {
    async finish() {
      while (!(await take()));
      return hash.digest('hex');
    },
  };
}

/** A wrong password, another one each time. */
const wrong = (name: string) => ({ authorization: basic({ name, password: randomUUID() }) });

/** Requests that alice has left in this minute. */
const left = async () =>
  Number(/"caller";r=(\d+)/.exec((await ask('/downloads')).headers.ratelimit ?? '')?.[1]);

/** Requests that the service says it has answered. */
const total = async () =>
  (await Scrape.of(service.url!)).value('bff_http_request_duration_seconds_count', {})!;

async function refused(more: Record<string, string>) {
  const spawned = ServiceProcess.spawn(environment(sandbox.url, shared(more)));
  return { code: await spawned.exit(), text: spawned.text };
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Asks again and again over one connection that is kept alive for as long as the service lets it be. */
function keepAsking(path: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: string[] = [];
  const stopping = new AbortController();
  const once = () =>
    new Promise<string>((resolve) => {
      get(service.url + path, { agent, headers: AS_ALICE }, (answer) => {
        answer.resume();
        answer.on('error', (error) => resolve(error.message));
        answer.on('end', () => resolve(String(answer.statusCode)));
      }).on('error', (error) => resolve(error.message));
    });
  const ended = (async () => {
    while (!stopping.signal.aborted) answers.push(await once());
    agent.destroy();
  })();
  return {
    async stop() {
      stopping.abort();
      await ended;
      return answers;
    },
  };
}

describe('two workers', () => {
  beforeAll(() => start({ RATE_LIMIT: 'on', RATE_LIMIT_FAILED_LOGINS: '4' }));
  afterAll(() => service.stop());

  it('listen on one port, say so once, and both answer', async () => {
    expect(await workers()).toHaveLength(2);
    expect(service.text.match(/listens on/g)).toHaveLength(1);
    await until(
      async () => {
        await ask('/downloads');
        return heard().size;
      },
      (count) => count === 2,
    );
  });

  it('know the downloads of each other', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    const whole = await api.content(id);
    for (let time = 0; time < 6; time += 1) {
      expect((await ask(`/downloads/${id}`)).json()).toMatchObject({ entry: { status: 'DONE' } });
      expect((await ask(`/downloads/${id}/events`)).body).toContain('event: done');
      const { status, headers } = await ask(`/downloads/${id}/content`, AS_ALICE, 'HEAD');
      expect([status, headers['content-length']]).toEqual([200, String(whole.length)]);
    }
  });

  it('make one download of an Idempotency-Key that comes fifty times at once', async () => {
    sandbox.clearRequests();
    const key = `"${randomUUID()}"`;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        rawRequest(port(), {
          method: 'POST',
          path: '/downloads',
          headers: { ...AS_ALICE, 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
        }),
      ),
    );
    const made = answers.filter(({ status }) => status === 202).map((answer) => answer.json());
    expect(new Set(made.map(({ entry }) => (entry as { id: string }).id)).size).toBe(1);
    expect(sandbox.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('follow links that either has signed, with a secret that neither was given', async () => {
    const id = await api.make([SAMPLE_NODES.textFile]);
    for (let time = 0; time < 20; time += 1) {
      const made = await ask(`/downloads/${id}/request-direct-access-url`, { ...AS_ALICE }, 'POST');
      const { entry } = made.json() as { entry: { contentUrl: string } };
      const { pathname, search } = new URL(entry.contentUrl);
      expect((await ask(pathname + search, {})).status).toBe(200);
    }
    expect(service.text.match(/LINK_SECRET is not set/g)).toHaveLength(1);
  });

  it('count wrong passwords together', async () => {
    const statuses: number[] = [];
    for (let time = 0; time < 6; time += 1) {
      statuses.push((await ask('/downloads', wrong('zoe'))).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    const atOnce = await Promise.all(
      Array.from({ length: 30 }, () => ask('/downloads', wrong('nobody'))),
    );
    // A last attempt may be under way in each worker.
    expect(atOnce.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5);
  });

  it('count requests together', async () => {
    const before = await left();
    expect([await left(), await left(), await left()]).toEqual([
      before - 1,
      before - 2,
      before - 3,
    ]);
  });

  it('are told of by /metrics as one service', async () => {
    const count = async () => {
      const page = await Scrape.of(service.url!);
      return page.value('bff_http_request_duration_seconds_count', { route: '/downloads' })!;
    };
    const before = await count();
    for (let time = 0; time < 10; time += 1) await ask('/downloads');
    await until(count, (now) => now >= before + 10);
    const page = await Scrape.of(service.url!);
    expect(page.value('bff_workers', {})).toBe(2);
    expect(page.value('bff_workers_silent', {})).toBe(0);
    expect(page.series('bff_build_info').map(({ value }) => value)).toEqual([1]);
    expect(page.value('bff_breaker_state', { operation: 'read' })).toBe(0);
  });

  it('are replaced when they are killed, while the service goes on, and totals do not fall', async () => {
    const [victim] = await workers();
    const before = await total();
    process.kill(victim!, 'SIGKILL');
    await until(
      () => service.text,
      (text) => text.includes('ended with SIGKILL'),
    );
    expect((await ask('/downloads')).status).toBe(200);
    expect(await total()).toBeGreaterThanOrEqual(before);
    await until(
      async () => (await Scrape.of(service.url!)).value('bff_workers', {}),
      (count) => count === 2,
    );
    expect(await workers()).not.toContain(victim);
  });

  it('are silent in /metrics when they hang, and are said to be', { timeout: 20_000 }, async () => {
    const [victim] = await workers();
    process.kill(victim!, 'SIGSTOP');
    try {
      const pages = await Promise.allSettled(
        Array.from({ length: 4 }, () =>
          fetch(`${service.url}/metrics`, {
            headers: { connection: 'close' },
            signal: AbortSignal.timeout(3000),
          }).then((answer) => answer.text()),
        ),
      );
      const told = pages.flatMap((page) => (page.status === 'fulfilled' ? [page.value] : []));
      expect(told.some((page) => page.includes('bff_workers_silent 1'))).toBe(true);
    } finally {
      process.kill(victim!, 'SIGCONT');
    }
  });

  it('are all replaced at SIGHUP, and nothing is lost', { timeout: 40_000 }, async () => {
    const id = await api.make([SAMPLE_NODES.mediumFile]);
    const whole = sha256(await api.content(id));
    const before = await workers();
    const streams = await Promise.all(Array.from({ length: 4 }, () => begin(id)));
    const counted = await total();
    const callers = Array.from({ length: 6 }, () => keepAsking('/health/live'));
    service.child.kill('SIGHUP');
    await until(
      () => service.text,
      (text) => text.includes('All workers have been replaced'),
    );
    const answers = (await Promise.all(callers.map((caller) => caller.stop()))).flat();
    expect(answers.length).toBeGreaterThan(20);
    expect(new Set(answers)).toEqual(new Set(['200']));
    const received = await Promise.all(streams.map((stream) => stream.finish()));
    expect(new Set(received)).toEqual(new Set([whole]));
    await until(workers, (now) => now.length === 2 && !now.some((pid) => before.includes(pid)));
    expect(await total()).toBeGreaterThanOrEqual(counted + answers.length);
  });
});

describe('the end of several workers', () => {
  afterEach(() => service.child.kill('SIGKILL'));

  it(
    'comes at SIGTERM when 20 running streams are whole, with 0',
    { timeout: 40_000 },
    async () => {
      await start();
      const id = await api.make([SAMPLE_NODES.mediumFile]);
      const whole = sha256(await api.content(id));
      const streams = await Promise.all(Array.from({ length: 20 }, () => begin(id)));
      service.child.kill('SIGTERM');
      await until(
        async () => (await ask('/health/ready')).status,
        (status) => status === 503,
      );
      const received = await Promise.all(streams.map((stream) => stream.finish()));
      expect(new Set(received)).toEqual(new Set([whole]));
      expect(await service.exit()).toBe(0);
    },
  );

  it('comes at once at a second signal', { timeout: 40_000 }, async () => {
    await start();
    const id = await api.make([SAMPLE_NODES.largeFile]);
    const stream = await begin(id);
    service.child.kill('SIGTERM');
    await until(
      async () => (await ask('/health/ready')).status,
      (status) => status === 503,
    );
    service.child.kill('SIGTERM');
    expect(await service.exit()).toBe(143);
    await expect(stream.finish()).rejects.toThrow();
  });

  it('comes with that of their primary, also when it is killed', async () => {
    await start();
    const pids = await workers();
    service.child.kill('SIGKILL');
    // The output is closed when nobody has it any more.
    await service.exit();
    for (const pid of pids) {
      // Empty for one that has ended and that nobody has asked about yet.
      expect(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).toBe('');
    }
  });
});

describe('several workers do not start', () => {
  it('with a store in memory', async () => {
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

  it('on a port that is taken, and say so once', async () => {
    const PORT = new URL(sandbox.url).port;
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

  it('with a store that cannot be used', async () => {
    const { code, text } = await refused({ STORE_URL: `sqlite:${folder}`, LOG_LEVEL: 'silent' });
    expect(code).toBe(78);
    expect(text.match(/STORE_URL: the SQLite file cannot be used/g)).toHaveLength(1);
  });
});
