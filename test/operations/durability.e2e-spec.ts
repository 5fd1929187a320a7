import { randomUUID } from 'node:crypto';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { onTestFinished } from 'vitest';
import { type Bff, startBff } from '../harness/bff.js';
import { it as base } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { processStarter } from '../harness/process-starter.js';
import type { RedisServer } from '../harness/redis-server.js';
import { requirePrograms } from '../harness/programs.js';
import {
  apiOf,
  expectNoneLost,
  startDurableRedis,
  temporaryDatabase,
} from './creations-at-kill.js';

const it = base.extend('start', processStarter);

/** POST /downloads as alice, with this key. */
async function postOnce(url: string, key: string) {
  const response = await apiOf(url, 'alice').request('POST', '/downloads', {
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  const body = (await response.json()) as { entry?: { id: string }; code?: string };
  return { status: response.status, id: body.entry?.id, code: body.code };
}

/** Returns a function that lists the downloads created in Alfresco since this call. */
function watchNewDownloads(sandbox: Sandbox): () => string[] {
  const before = new Set(sandbox.downloadIds());
  return () => sandbox.downloadIds().filter((id) => !before.has(id));
}

describe('kill -9 in the middle of 100 creations', () => {
  it.for(['sqlite', 'redis'] as const)(
    'loses no acknowledged download, and assigns none to another caller, with %s',
    { timeout: 60_000 },
    async (engine, { start, skip }) => {
      await expectNoneLost({ skip }, start, engine, 100);
    },
  );
});

describe('SIGTERM in the middle of creations', () => {
  it(
    'leaves no node without an owner, and no key blocked',
    { timeout: 60_000 },
    async ({ sandbox, start }) => {
      const store = { STORE_URL: `sqlite:${await temporaryDatabase()}` };
      const newDownloads = watchNewDownloads(sandbox);
      const first = await start(store);
      const creation = { method: 'POST', path: /\/downloads$/ };
      sandbox.fail({ kind: 'delay', ms: 600 }, { ...creation, times: Infinity });
      const keys = Array.from({ length: 10 }, () => randomUUID());
      const cut = Promise.allSettled(keys.map((key) => postOnce(first.url!, key)));
      await until(
        () => sandbox.requests.filter(({ url }) => creation.path.test(url)).length,
        (count) => count === keys.length,
      );
      expect(await first.stop()).toBe(0);
      await cut;
      sandbox.clearFaults();
      const second = await start(store);
      const nodes = newDownloads().toSorted();
      expect(nodes).toHaveLength(keys.length);
      const again = await Promise.all(keys.map((key) => postOnce(second.url!, key)));
      expect(again.map(({ id }) => String(id)).toSorted()).toEqual(nodes);
      expect(newDownloads().toSorted()).toEqual(nodes);
      await second.stop();
    },
  );
});

async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: 'STORE_UNAVAILABLE' });
}

describe('when Redis', { timeout: 60_000 }, () => {
  const withRedis = base
    .extend('redis', async ({ skip }, { onCleanup }) => {
      requirePrograms({ skip }, 'redis-server');
      return startDurableRedis(onCleanup);
    })
    .extend('service', async ({ runningSandbox, redis }, { onCleanup }) => {
      const service = await startBff(runningSandbox.url, { STORE_URL: redis.url });
      onCleanup(() => service.close());
      return service;
    })
    .extend('alice', ({ service }) => apiOf(service.url, 'alice'));

  type Change = (redis: RedisServer) => Promise<void>;
  withRedis.for<[string, Change, Change]>([
    ['is stopped', (redis) => redis.kill(), (redis) => redis.start()],
    ['hangs', async (redis) => redis.signal('SIGSTOP'), async (redis) => redis.signal('SIGCONT')],
  ])(
    '%s, requests fail with 503 without hanging, nothing is left in Alfresco, and the service recovers',
    async ([, fail, repair], { sandbox, redis, service, alice }) => {
      const id = await alice.createFinished([SAMPLE_NODES.textFile]);
      const unread = await alice.start([SAMPLE_NODES.textFile]);
      const before = sandbox.downloadIds();
      await fail(redis);
      const begun = Date.now();
      await expectUnavailable(await alice.create([SAMPLE_NODES.textFile]));
      // The owner is still cached.
      expect((await alice.request('GET', `/downloads/${id}`)).status).toBe(200);
      await expectUnavailable(await alice.request('GET', `/downloads/${unread}`));
      await expectUnavailable(await alice.request('GET', `/downloads/${id}/content`));
      await expectUnavailable(await alice.request('GET', '/downloads'));
      await expectUnavailable(await alice.request('DELETE', `/downloads/${id}`));
      await expectUnavailable(await alice.request('DELETE', `/nodes/${id}`));
      expect(Date.now() - begun).toBeLessThan(20_000);
      await untilThereAreOnly(sandbox, before);
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
      await repair(redis);
      await until(
        async () => (await alice.request('GET', `/downloads/${unread}`)).status,
        (status) => status === 200,
      );
      expect((await alice.create([SAMPLE_NODES.textFile])).status).toBe(202);
    },
  );

  withRedis('is slow, requests take longer, and nothing else changes', async ({ redis, alice }) => {
    const id = await alice.createFinished([SAMPLE_NODES.textFile]);
    await redis.run((client) => client.client('PAUSE', 300));
    expect((await alice.request('GET', `/downloads/${id}`)).status).toBe(200);
    await redis.run((client) => client.client('PAUSE', 300));
    expect((await alice.create([SAMPLE_NODES.textFile])).status).toBe(202);
  });

  withRedis(
    'is full, creations fail with 503 and leave nothing in Alfresco, and existing downloads are served',
    async ({ sandbox, redis, alice }) => {
      const id = await alice.createFinished([SAMPLE_NODES.textFile]);
      const before = sandbox.downloadIds();
      await redis.run((client) => client.config('SET', 'maxmemory', '1'));
      await expectUnavailable(await alice.create([SAMPLE_NODES.textFile]));
      await untilThereAreOnly(sandbox, before);
      expect((await alice.request('GET', `/downloads/${id}`)).status).toBe(200);
      await redis.run((client) => client.config('SET', 'maxmemory', '0'));
      expect((await alice.create([SAMPLE_NODES.textFile])).status).toBe(202);
    },
  );
});

/** Downloads that could not be recorded are removed in the background. */
const untilThereAreOnly = (sandbox: Sandbox, ids: readonly string[]) =>
  until(
    () => sandbox.downloadIds(),
    (left) => left.length === ids.length && left.every((id) => ids.includes(id)),
  );

describe('fifty requests with one Idempotency-Key over two services while Redis is stopped', () => {
  it(
    'duplicate nothing, lose nothing, and fail with 503',
    { timeout: 60_000 },
    async ({ sandbox, skip }) => {
      requirePrograms({ skip }, 'redis-server');
      const redis = await startDurableRedis();
      const newDownloads = watchNewDownloads(sandbox);
      const startService = async (): Promise<Bff> => {
        // Longer than any of these requests; a key stays reserved this long if its request ended without Redis.
        const pacing = { idempotency: { leaseMs: 6000 } };
        const service = await startBff(sandbox.url, { STORE_URL: redis.url }, { pacing });
        onTestFinished(() => service.close());
        return service;
      };
      const services = [await startService(), await startService()];
      const key = randomUUID();
      const post = (index: number) => postOnce(services[index % 2]!.url, key);
      const half = Array.from({ length: 25 }, (_, index) => post(index));
      const stopped = redis.kill();
      const responses = await Promise.all([
        ...half,
        ...Array.from({ length: 25 }, (_, index) => post(index)),
      ]);
      await stopped;
      for (const { status, code } of responses) {
        if (status !== 202) expect(['IDEMPOTENCY_KEY_IN_USE', 'STORE_UNAVAILABLE']).toContain(code);
      }
      await redis.start();
      const last = await until(
        () => post(0),
        ({ status }) => status === 202,
        { forMs: 30_000 },
      );
      const acknowledged = new Set(
        [...responses, last].filter(({ status }) => status === 202).map(({ id }) => id),
      );
      expect([...acknowledged]).toEqual([last.id]);
      expect(newDownloads()).toEqual([last.id]);
    },
  );
});
