import { setTimeout as delay } from 'node:timers/promises';
import type { DownloadRegistry } from './download-registry.js';
import { describeWithRedis, RedisServer } from '../../../test/harness/redis-server.js';
import { openRegistry } from './registry.factory.js';
import { hold, HOUR, IMPATIENT, LEASE, recordOf, REQUEST } from './samples.fixture.js';

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE' };

// A stopped Redis has the command in its socket, and carries it out when it goes on.
describeWithRedis('a write that Redis carries out after it was reported as failed', () => {
  let server: RedisServer;
  let registry: DownloadRegistry;

  const open = () => openRegistry({ url: server.url, retentionMs: HOUR }, IMPATIENT);

  /** How often Redis has carried out a command. */
  const callsOf = async (command: string): Promise<number> => {
    const statistics = await server.run((redis) => redis.info('commandstats'));
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(statistics)?.[1] ?? 0);
  };

  beforeEach(async () => {
    server = new RedisServer();
    await server.start();
    registry = open();
    await registry.ping();
  });

  afterEach(async () => {
    await registry.close();
    await server.dispose();
  });

  it('leaves no download', async () => {
    server.signal('SIGSTOP');
    await expect(registry.add(recordOf('d1'))).rejects.toMatchObject(UNAVAILABLE);
    server.signal('SIGCONT');
    await expect.poll(() => callsOf('zadd'), { timeout: 5000 }).toBe(2);
    await vi.waitFor(() => expect(registry.ownerOf('d1')).resolves.toBeUndefined(), 5000);
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({ records: [], total: 0 });
  });

  it('does not complete the request by a download that has been deleted', async () => {
    const claim = await hold(registry);
    server.signal('SIGSTOP');
    await expect(registry.add(recordOf('d1'), claim)).rejects.toMatchObject(UNAVAILABLE);
    await expect(registry.release(claim)).rejects.toMatchObject(UNAVAILABLE);
    server.signal('SIGCONT');
    await expect.poll(() => callsOf('zadd'), { timeout: 5000 }).toBe(2);
    const retry = await vi.waitFor(() => hold(registry), 5000);
    await expect(registry.add(recordOf('d2'), retry)).resolves.toBe(true);
    // Long enough for every undo to have run.
    await delay(5 * IMPATIENT.settleMs);
    await expect(registry.claim(REQUEST, LEASE)).resolves.toEqual({
      state: 'completed',
      downloadId: 'd2',
    });
    await expect(registry.list('basic:alice', 0, 10)).resolves.toEqual({
      records: [recordOf('d2')],
      total: 1,
    });
  });

  it('does not hold a claim that no one knows of', async () => {
    server.signal('SIGSTOP');
    await expect(registry.claim(REQUEST, LEASE)).rejects.toMatchObject(UNAVAILABLE);
    server.signal('SIGCONT');
    await expect.poll(() => callsOf('hset'), { timeout: 5000 }).toBe(1);
    await expect(vi.waitFor(() => hold(registry), 5000)).resolves.toMatchObject({
      request: REQUEST,
    });
  });

  it('frees a claim that could not be given back while Redis was stopped', async () => {
    await server.dispose();
    server = new RedisServer(['--appendonly', 'yes', '--appendfsync', 'always']);
    await server.start();
    await registry.close();
    registry = open();
    const claim = await hold(registry);
    await server.kill();
    await expect(registry.release(claim)).rejects.toMatchObject(UNAVAILABLE);
    await server.start();
    await expect(vi.waitFor(() => hold(registry), 5000)).resolves.toMatchObject({
      request: REQUEST,
    });
  });

  it('is taken back before the process ends', async () => {
    const claim = await hold(registry);
    server.signal('SIGSTOP');
    await expect(registry.add(recordOf('d1'), claim)).rejects.toMatchObject(UNAVAILABLE);
    server.signal('SIGCONT');
    await vi.waitFor(() => registry.ping(), 5000);
    await registry.close();
    registry = open();
    await expect(registry.ownerOf('d1')).resolves.toBeUndefined();
    await expect(hold(registry)).resolves.toMatchObject({ request: REQUEST });
  });
});
