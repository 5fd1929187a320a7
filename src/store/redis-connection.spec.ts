import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { PACING } from '../config/pacing.js';
import type { DownloadRegistry } from '../downloads/registry/download-registry.js';
import { describeWithRedis, RedisServer } from '../../test/harness/redis-server.js';
import { openRegistry } from '../downloads/registry/registry.factory.js';
import {
  hold,
  HOUR,
  IMPATIENT,
  LEASE,
  recordOf,
  REQUEST,
  unavailable,
} from '../downloads/registry/samples.fixture.js';

/** "About two seconds", and what a busy machine adds. */
const SOON = 3000;

describeWithRedis('a Redis that does not work', () => {
  let server: RedisServer;
  let registry: DownloadRegistry;
  let printed: unknown[];

  const open = (pacing = PACING.store) =>
    openRegistry({ url: server.url, retentionMs: HOUR }, pacing);

  /** Opens the registry of this test anew. */
  const reopen = async (pacing: typeof PACING.store) => {
    await registry.close();
    registry = open(pacing);
    await registry.ping();
  };

  /** Whether the registry refuses without waiting for anything. */
  const refusesAtOnce = () =>
    Promise.race([
      registry.ping().then(
        () => false,
        () => true,
      ),
      setImmediate(false),
    ]);

  const configure = (parameter: string, value: string) =>
    server.run((redis) => redis.config('SET', parameter, value));

  const connectionId = async () => {
    const clients = String(await server.run((redis) => redis.client('LIST')));
    return /id=(\d+) .* name=alfresco-downloads-bff /.exec(clients)?.[1];
  };

  /** Every way to use the registry. */
  const calls: readonly [string, () => Promise<unknown>][] = [
    ['add', () => registry.add(recordOf('d9'))],
    ['ownerOf', () => registry.ownerOf('d1')],
    ['list', () => registry.list('basic:alice', 0, 10)],
    ['remove', () => registry.remove('d1')],
    ['claim', () => registry.claim({ ...REQUEST, key: 'key-9' }, LEASE)],
    ['release', () => registry.release({ request: REQUEST, token: 'unknown' })],
    ['ping', () => registry.ping()],
  ];

  const expectAllUnavailable = async (diagnosis: RegExp): Promise<void> => {
    const start = performance.now();
    await Promise.all(
      calls.map(([name, call]) =>
        expect(call(), name).rejects.toMatchObject(unavailable(expect.stringMatching(diagnosis))),
      ),
    );
    expect(performance.now() - start).toBeLessThan(SOON);
  };

  const expectRecovery = async (): Promise<void> => {
    await vi.waitFor(() => registry.ping(), { timeout: 10_000 });
    for (const [, call] of calls) await call();
  };

  beforeEach(async () => {
    printed = [];
    for (const method of ['log', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...what) => void printed.push(what));
    }
    server = new RedisServer();
    await server.start();
    registry = open();
    await registry.add(recordOf('d1'));
  });

  afterEach(async () => {
    await registry.close();
    await server.dispose();
    vi.restoreAllMocks();
    expect(printed).toEqual([]);
  });

  it('is unavailable at once while it is stopped, and comes back by itself', async () => {
    await server.kill();
    await expectAllUnavailable(/^REDIS_(?:CONNECTION_LOST|ECONNRESET|ECONNREFUSED)$/);
    await vi.waitFor(
      () => expect(registry.ping()).rejects.toMatchObject(unavailable('REDIS_ECONNREFUSED')),
      5000,
    );
    await expectAllUnavailable(/^REDIS_ECONNREFUSED$/);
    await server.start();
    await expectRecovery();
  });

  it('fails what is on its way when it dies, at once, and never sends it again', async () => {
    // Longer than the test may take: a failure in time has not waited for the response.
    await reopen({ ...PACING.store, responseMs: 60_000 });
    server.signal('SIGSTOP');
    const added = expect(registry.add(recordOf('d2'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
    await delay(100);
    await server.kill();
    await added;
    await server.start();
    await vi.waitFor(() => registry.ping(), 5000);
    await delay(100);
    const statistics = await server.run((redis) => redis.info('commandstats'));
    expect(statistics).toContain('cmdstat_ping');
    expect(statistics).not.toContain('cmdstat_zadd');
  });

  it('is unavailable soon while it hangs, at once after that, and comes back by itself', async () => {
    await reopen(IMPATIENT);
    server.signal('SIGSTOP');
    await expectAllUnavailable(/^REDIS_(?:TIMEOUT|CONNECTION_LOST)$/);
    await vi.waitUntil(refusesAtOnce, 5000);
    await expect(registry.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    server.signal('SIGCONT');
    await expectRecovery();
  });

  it('is waited for when it is slow', async () => {
    server.signal('SIGSTOP');
    const owner = registry.ownerOf('d1');
    await delay(100);
    server.signal('SIGCONT');
    await expect(owner).resolves.toBe('basic:alice');
  });

  it('need not be there when the service starts', async () => {
    await registry.close();
    await server.kill();
    registry = open();
    await expectAllUnavailable(/^REDIS_ECONNREFUSED$/);
    await server.start();
    await expectRecovery();
  });

  it('may hang when the service starts', async () => {
    await registry.close();
    server.signal('SIGSTOP');
    registry = open(IMPATIENT);
    await expectAllUnavailable(/^REDIS_(?:NOT_CONNECTED|TIMEOUT)$/);
    server.signal('SIGCONT');
    await expectRecovery();
  });

  it('does not keep the service from ending when it hangs', async () => {
    await reopen(IMPATIENT);
    server.signal('SIGSTOP');
    const start = performance.now();
    await registry.close();
    expect(performance.now() - start).toBeLessThan(SOON);
  });

  describe('because its memory is full', () => {
    it('refuses what needs memory, and does the rest', async () => {
      const claim = await hold(registry);
      await configure('maxmemory', '1mb');
      await expect(registry.add(recordOf('d2'))).rejects.toMatchObject(unavailable('REDIS_OOM'));
      await expect(registry.claim({ ...REQUEST, key: 'key-2' }, LEASE)).rejects.toMatchObject(
        unavailable('REDIS_OOM'),
      );
      await expect(registry.ownerOf('d1')).resolves.toBe('basic:alice');
      await expect(registry.list('basic:alice', 0, 10)).resolves.toMatchObject({ total: 1 });
      await registry.remove('d1');
      await registry.release(claim);
      await configure('maxmemory', '0');
      await expect(registry.list('basic:alice', 0, 10)).resolves.toMatchObject({ total: 0 });
      await expect(registry.claim(REQUEST, LEASE)).resolves.toMatchObject({ state: 'claimed' });
    });

    it('keeps nothing of a refused write, and takes it later', async () => {
      const claim = await hold(registry);
      await configure('maxmemory', '1mb');
      await expect(registry.add(recordOf('d2'), claim)).rejects.toMatchObject(
        unavailable('REDIS_OOM'),
      );
      await expect(registry.ownerOf('d2')).resolves.toBeUndefined();
      await expect(registry.claim(REQUEST, LEASE)).resolves.toEqual({ state: 'running' });
      await configure('maxmemory', '0');
      await expect(registry.add(recordOf('d2'), claim)).resolves.toBe(true);
    });
  });

  it('is unavailable for writes while it is a replica, and comes back after the failover', async () => {
    await server.run((redis) => redis.replicaof('127.0.0.1', 1));
    const connection = await connectionId();
    await expect(registry.add(recordOf('d2'))).rejects.toMatchObject(unavailable('REDIS_READONLY'));
    // The address may lead to another machine now.
    await expect.poll(connectionId, { timeout: 5000 }).not.toBe(connection);
    await server.run((redis) => redis.replicaof('NO', 'ONE'));
    await expectRecovery();
  });

  it('is unavailable with a wrong password, and takes one with special characters', async () => {
    const secret = 'pass/word@#%';
    await configure('requirepass', secret);
    await registry.close();
    const url = server.url.replace('//', `//:${encodeURIComponent(secret)}@`);
    registry = openRegistry({ url: url.replace('pass', 'word'), retentionMs: HOUR });
    await expectAllUnavailable(/^REDIS_WRONGPASS$/);
    await registry.close();
    registry = openRegistry({ url, retentionMs: HOUR });
    await expectRecovery();
  });
});
