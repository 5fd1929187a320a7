import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { basic, CALLERS } from '../harness/bff.js';
import type { ProcessStarter } from '../harness/process-starter.js';
import { RedisServer } from '../harness/redis-server.js';
import { requirePrograms } from '../harness/programs.js';

const OWNERS = ['alice', 'zoe'] as const;
type Owner = (typeof OWNERS)[number];

/** Number of concurrent requests. */
const CONCURRENCY = 20;

export const apiOf = (url: string, owner: Owner) =>
  new DownloadsApi(url, { authorization: basic(CALLERS[owner]) });

/** Path of a new SQLite file, in a folder that is removed after the test. */
export async function temporaryDatabase(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'durability-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, `${randomUUID()}.db`);
}

/** A Redis that loses no acknowledged write when it is killed; it is removed after the test. */
export async function startDurableRedis(
  onEnd: (end: () => Promise<void>) => void = onTestFinished,
): Promise<RedisServer> {
  const redis = new RedisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
  await redis.start();
  onEnd(() => redis.dispose());
  return redis;
}

/**
 * Kills the service (and Redis, if that is its store) once it has acknowledged six in ten of this many downloads, and
 * expects that its successor knows each of them and its owner.
 */
export async function expectNoneLost(
  context: Pick<TestContext, 'skip'>,
  start: ProcessStarter,
  engine: 'sqlite' | 'redis',
  count: number,
): Promise<void> {
  if (engine === 'redis') requirePrograms(context, 'redis-server');
  const redis = engine === 'redis' ? await startDurableRedis() : undefined;
  const store = { STORE_URL: redis?.url ?? `sqlite:${await temporaryDatabase()}` };
  const first = await start(store);
  const killAt = count * 0.6;
  const acknowledged = await createMany(first.url!, count, (total) => {
    if (total === killAt) first.child.kill('SIGKILL');
  });
  await first.exit();
  if (redis) {
    await redis.kill();
    await redis.start();
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(killAt);
  expect(acknowledged.length).toBeLessThan(count);

  const second = await start(store);
  const statusOf = async (id: string, caller: Owner) =>
    (await apiOf(second.url!, caller).request('GET', `/downloads/${id}`)).status;
  for (let index = 0; index < acknowledged.length; index += CONCURRENCY) {
    await Promise.all(
      acknowledged.slice(index, index + CONCURRENCY).map(async ({ id, owner }) => {
        expect(await statusOf(id, owner)).toBe(200);
        expect(await statusOf(id, owner === 'alice' ? 'zoe' : 'alice')).toBe(403);
      }),
    );
  }
  expect(await second.stop()).toBe(0);
}

/**
 * Creates downloads alternately for both callers, until `count` are requested or the service is gone. Returns the
 * acknowledged ones.
 */
async function createMany(url: string, count: number, onAcknowledged: (total: number) => void) {
  const acknowledged: { id: string; owner: Owner }[] = [];
  let requested = 0;
  const requestInTurn = async () => {
    while (requested < count) {
      const owner = OWNERS[requested % 2]!;
      requested += 1;
      const id = await apiOf(url, owner)
        .start([SAMPLE_NODES.textFile])
        .catch(() => undefined);
      if (id === undefined) return;
      acknowledged.push({ id, owner });
      onAcknowledged(acknowledged.length);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, requestInTurn));
  return acknowledged;
}
