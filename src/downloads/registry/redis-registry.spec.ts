import { setTimeout as delay } from 'node:timers/promises';
import type { DownloadRegistry } from './download-registry.js';
import { ownerKeys, requestKey } from './redis-schema.js';
import { describeWithRedis, RedisServer } from '../../../test/harness/redis-server.js';
import { openRegistry } from './registry.factory.js';
import { describeRegistry } from './registry.suite.js';
import { A_WHILE, hold, HOUR, LEASE, recordOf, REQUEST } from './samples.fixture.js';
import { describeSharedStore } from './shared-store.suite.js';
import { Writer } from './writer.fixture.js';

describeWithRedis('the registry in Redis', () => {
  const server = new RedisServer();

  const open = (retentionMs: number) => openRegistry({ url: server.url, retentionMs });

  beforeAll(() => server.start());
  beforeEach(() => server.run((redis) => redis.flushall()));
  afterAll(() => server.dispose());

  describeRegistry({ open });
  describe('shared by two connections', () => describeSharedStore({ open }));

  describe('in its keys', () => {
    let registry: DownloadRegistry;

    beforeEach(() => {
      registry = open(HOUR);
    });

    afterEach(() => registry.close());

    it('uses one prefix, and lets every key expire', async () => {
      await registry.add(recordOf('d1'), await hold(registry));
      await hold(registry, LEASE, { ...REQUEST, key: 'key-2' });
      await server.run(async (redis) => {
        const keys = await redis.keys('*');
        expect(keys).toHaveLength(5);
        for (const key of keys) {
          expect(key).toMatch(/^alfresco-downloads:/);
          await expect(redis.pttl(key)).resolves.toBeGreaterThan(0);
        }
      });
    });

    it('keeps a completed key for the retention, not for the lease', async () => {
      await registry.add(recordOf('d1'), await hold(registry));
      const left = await server.run((redis) => redis.pttl(requestKey(REQUEST)));
      expect(left).toBeGreaterThan(LEASE);
      expect(left).toBeLessThanOrEqual(HOUR);
    });

    it('leaves nothing of a removed download', async () => {
      await registry.add(recordOf('d1'));
      await registry.remove('d1');
      await expect(server.run((redis) => redis.keys('*'))).resolves.toEqual([]);
    });

    it('drops expired downloads of an owner that never lists them', async () => {
      const brief = open(1);
      await registry.add(recordOf('kept'));
      for (const id of ['d1', 'd2', 'd3']) await brief.add(recordOf(id));
      await brief.close();
      await delay(A_WHILE);
      await registry.add(recordOf('new'));
      for (const key of ownerKeys('basic:alice')) {
        const members = await server.run((redis) => redis.zrange(key, '0', '-1'));
        expect(members.toSorted()).toEqual(['kept', 'new']);
      }
    });

    it('works after Redis has forgotten the scripts', async () => {
      await registry.add(recordOf('d1'));
      await registry.add(recordOf('d2'));
      await server.run((redis) => redis.script('FLUSH'));
      await expect(registry.add(recordOf('d3'))).resolves.toBe(true);
      await expect(registry.list('basic:alice', 0, 1)).resolves.toMatchObject({ total: 3 });
    });
  });
});

describeWithRedis('the registry in a Redis with appendonly yes and appendfsync always', () => {
  const server = new RedisServer(['--appendonly', 'yes', '--appendfsync', 'always']);

  beforeAll(() => server.start());
  afterAll(() => server.dispose());

  it('loses nothing that was acknowledged when Redis is killed', async () => {
    const writer = new Writer(server.url, 'alice', 1_000_000);
    await Writer.begin(writer);
    await vi.waitUntil(() => writer.acknowledged.length > 100, { timeout: 15_000 });
    await server.kill();
    await expect(writer.finished()).rejects.toThrow('STORE_UNAVAILABLE');
    await server.start();
    const registry = openRegistry({ url: server.url, retentionMs: HOUR });
    for (const id of writer.acknowledged) {
      await expect(registry.ownerOf(id)).resolves.toBe('alice');
    }
    await registry.close();
  });
});
