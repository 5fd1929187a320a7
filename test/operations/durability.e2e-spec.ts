import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, CALLERS, basic, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { RedisServer } from '../harness/redis-server.js';
import { ServiceProcess } from '../harness/service-process.js';
import { needsTools } from '../harness/tools.js';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

/** A Redis whose answered writes survive anything. */
async function startDurableRedis(): Promise<RedisServer> {
  const redis = new RedisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
  await redis.start();
  return redis;
}

const callers = ['alice', 'zoe'] as const;
const as = (url: string, caller: (typeof callers)[number]) =>
  new DownloadsApi(url, { authorization: basic(CALLERS[caller]) });

/** POST /downloads as alice, with this key. */
async function postOnce(url: string, key: string) {
  const answer = await as(url, 'alice').request('POST', '/downloads', {
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  const body = (await answer.json()) as { entry?: { id: string }; code?: string };
  return { status: answer.status, id: body.entry?.id, code: body.code };
}

/** Creates downloads by turns for both callers until `count` were asked for or the service is gone; those acknowledged. */
async function createMany(url: string, count: number, onAcknowledged: (total: number) => void) {
  const acknowledged: { id: string; owner: (typeof callers)[number] }[] = [];
  let asked = 0;
  const worker = async () => {
    while (asked < count) {
      const owner = callers[asked % 2]!;
      asked += 1;
      const id = await as(url, owner)
        .start([SAMPLE_NODES.textFile])
        .catch(() => undefined);
      if (id === undefined) return;
      acknowledged.push({ id, owner });
      onAcknowledged(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return acknowledged;
}

describe.each(['sqlite', 'redis'] as const)(
  'kill -9 in the middle of 1,000 creations, with %s',
  (engine) => {
    it(
      'loses no acknowledged download, and gives none to another caller',
      { timeout: 120_000 },
      async (context) => {
        if (engine === 'redis') needsTools(context, 'redis-server');
        const directory = await mkdtemp(join(tmpdir(), 'durability-'));
        const redis = engine === 'redis' ? await startDurableRedis() : undefined;
        const store = { STORE_URL: redis?.url ?? `sqlite:${join(directory, 'downloads.db')}` };
        const first = await ServiceProcess.start(sandbox.url, store);

        const acknowledged = await createMany(first.url!, 1000, (total) => {
          if (total === 600) first.child.kill('SIGKILL');
        });
        await first.exit();
        if (redis) {
          await redis.kill();
          await redis.start();
        }
        expect(acknowledged.length).toBeGreaterThanOrEqual(600);
        expect(acknowledged.length).toBeLessThan(1000);

        const second = await ServiceProcess.start(sandbox.url, store);
        for (let start = 0; start < acknowledged.length; start += 20) {
          await Promise.all(
            acknowledged.slice(start, start + 20).map(async ({ id, owner }) => {
              const other = owner === 'alice' ? 'zoe' : 'alice';
              expect((await as(second.url!, owner).request('GET', `/downloads/${id}`)).status).toBe(
                200,
              );
              expect((await as(second.url!, other).request('GET', `/downloads/${id}`)).status).toBe(
                403,
              );
            }),
          );
        }
        expect(await second.stop()).toBe(0);
        await redis?.dispose();
        await rm(directory, { recursive: true });
      },
    );
  },
);

async function expectUnavailable(answer: Response): Promise<void> {
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: 'STORE_UNAVAILABLE' });
}

describe('SIGTERM in the middle of creations', () => {
  it('leaves no node without an owner, and no key blocked', { timeout: 60_000 }, async () => {
    const own = await startSandbox();
    const directory = await mkdtemp(join(tmpdir(), 'sigterm-'));
    const store = { STORE_URL: `sqlite:${join(directory, 'downloads.db')}` };
    const first = await ServiceProcess.start(own.url, store);
    own.fail({ kind: 'delay', ms: 600 }, { method: 'POST', times: Infinity });
    const keys = Array.from({ length: 10 }, () => randomUUID());
    const cut = Promise.allSettled(keys.map((key) => postOnce(first.url!, key)));
    await until(
      () => own.requests.length,
      (count) => count === keys.length,
    );
    expect(await first.stop()).toBe(0);
    await cut;
    own.clearFaults();
    const second = await ServiceProcess.start(own.url, store);
    const nodes = own.downloadIds().toSorted();
    expect(nodes).toHaveLength(keys.length);
    const again = await Promise.all(keys.map((key) => postOnce(second.url!, key)));
    expect(again.map(({ id }) => String(id)).toSorted()).toEqual(nodes);
    await second.stop();
    await own.close();
    await rm(directory, { recursive: true });
  });
});

describe('a Redis that fails', () => {
  let redis: RedisServer;
  let service: Bff;
  let alice: DownloadsApi;

  beforeEach(async (context) => {
    needsTools(context, 'redis-server');
    redis = await startDurableRedis();
    service = await startBff(sandbox.url, { STORE_URL: redis.url });
    alice = DownloadsApi.ofBff(service.url);
  });
  afterEach(async () => {
    await service.close();
    await redis.dispose();
  });

  const FAILURES: readonly (readonly [string, () => Promise<void>, () => Promise<void>])[] = [
    ['is stopped', () => redis.kill(), () => redis.start()],
    ['hangs', async () => redis.signal('SIGSTOP'), async () => redis.signal('SIGCONT')],
  ];

  it.each(FAILURES)(
    'and %s: 503, no hang, nothing left in Alfresco, and recovery by itself',
    { timeout: 60_000 },
    async (_what, fail, mend) => {
      const id = await alice.make([SAMPLE_NODES.textFile]);
      const unread = await alice.start([SAMPLE_NODES.textFile]);
      const before = sandbox.downloadIds();
      await fail();
      const begun = Date.now();
      await expectUnavailable(await alice.create([SAMPLE_NODES.textFile]));
      // Whose it is was found out a moment ago.
      expect((await alice.request('GET', `/downloads/${id}`)).status).toBe(200);
      await expectUnavailable(await alice.request('GET', `/downloads/${unread}`));
      await expectUnavailable(await alice.request('GET', `/downloads/${id}/content`));
      await expectUnavailable(await alice.request('GET', '/downloads'));
      await expectUnavailable(await alice.request('DELETE', `/downloads/${id}`));
      await expectUnavailable(await alice.request('DELETE', `/nodes/${id}`));
      expect(Date.now() - begun).toBeLessThan(20_000);
      expect(sandbox.downloadIds()).toEqual(before);
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      await mend();
      await until(
        async () => (await alice.request('GET', `/downloads/${unread}`)).status,
        (status) => status === 200,
      );
      expect((await alice.create([SAMPLE_NODES.textFile])).status).toBe(202);
    },
  );

  it('and is slow: the service is slow, too, and nothing else', async () => {
    const id = await alice.make([SAMPLE_NODES.textFile]);
    await redis.ask((client) => client.client('PAUSE', 700));
    expect((await alice.request('GET', `/downloads/${id}`)).status).toBe(200);
    await redis.ask((client) => client.client('PAUSE', 700));
    expect((await alice.create([SAMPLE_NODES.textFile])).status).toBe(202);
  });

  it('and is full: 503, nothing left in Alfresco, and what is recorded can still be used', async () => {
    const id = await alice.make([SAMPLE_NODES.textFile]);
    const before = sandbox.downloadIds();
    await redis.ask((client) => client.config('SET', 'maxmemory', '1'));
    await expectUnavailable(await alice.create([SAMPLE_NODES.textFile]));
    expect(sandbox.downloadIds()).toEqual(before);
    expect((await alice.request('GET', `/downloads/${id}`)).status).toBe(200);
    await redis.ask((client) => client.config('SET', 'maxmemory', '0'));
    expect((await alice.create([SAMPLE_NODES.textFile])).status).toBe(202);
  });
});

describe.each(['sqlite', 'redis'] as const)(
  'fifty requests with one Idempotency-Key over two processes, with %s',
  (engine) => {
    it('make one download', { timeout: 60_000 }, async (context) => {
      if (engine === 'redis') needsTools(context, 'redis-server');
      const directory = await mkdtemp(join(tmpdir(), 'once-'));
      const redis = engine === 'redis' ? await startDurableRedis() : undefined;
      const store = { STORE_URL: redis?.url ?? `sqlite:${join(directory, 'downloads.db')}` };
      const services = await Promise.all(
        [1, 2].map(() => ServiceProcess.start(sandbox.url, store)),
      );
      const before = new Set(sandbox.downloadIds());
      const key = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => postOnce(services[index % 2]!.url!, key)),
      );
      const last = await postOnce(services[1]!.url!, key);
      const made = [...answers, last].filter(({ status }) => status === 202);
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(
        answers.every(({ code }) => code === undefined || code === 'IDEMPOTENCY_KEY_IN_USE'),
      ).toBe(true);
      expect(sandbox.downloadIds().filter((id) => !before.has(id))).toEqual([last.id]);
      for (const service of services) await service.stop();
      await redis?.dispose();
      await rm(directory, { recursive: true });
    });
  },
);

describe('fifty requests with one Idempotency-Key over two processes while Redis is stopped', () => {
  it('double nothing, lose nothing, and say 503 clearly', { timeout: 90_000 }, async (context) => {
    needsTools(context, 'redis-server');
    const redis = await startDurableRedis();
    const store = { STORE_URL: redis.url };
    const services = [
      await ServiceProcess.start(sandbox.url, store),
      await ServiceProcess.start(sandbox.url, store),
    ];
    const key = randomUUID();
    const before = new Set(sandbox.downloadIds());
    const post = (index: number) => postOnce(services[index % 2]!.url!, key);
    const half = Array.from({ length: 25 }, (_, index) => post(index));
    const stopped = redis.kill();
    const answers = await Promise.all([
      ...half,
      ...Array.from({ length: 25 }, (_, index) => post(index)),
    ]);
    await stopped;
    for (const { status, code } of answers) {
      if (status !== 202) expect(['IDEMPOTENCY_KEY_IN_USE', 'STORE_UNAVAILABLE']).toContain(code);
    }
    await redis.start();
    const last = await until(
      () => post(0),
      ({ status }) => status === 202,
      { forMs: 75_000, everyMs: 500 },
    );
    const acknowledged = new Set(
      [...answers, last].filter(({ status }) => status === 202).map(({ id }) => id),
    );
    expect([...acknowledged]).toEqual([last.id]);
    expect(sandbox.downloadIds().filter((id) => !before.has(id))).toEqual([last.id]);
    for (const service of services) await service.stop();
    await redis.dispose();
  });
});
