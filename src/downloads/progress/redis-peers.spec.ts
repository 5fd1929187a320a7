import { Test } from '@nestjs/testing';
import { PACING } from '../../config/pacing.js';
import { describeWithRedis, RedisServer } from '../../../test/harness/redis-server.js';
import { DownloadsModule } from '../downloads.module.js';
import { RedisPeers } from './redis-peers.js';

const LEASE_MS = 300;

describeWithRedis('processes with one Redis', () => {
  const server = new RedisServer();
  let opened: RedisPeers[];

  /** One that hears messages, with those that it has heard. */
  async function open(url = server.url) {
    const peers = new RedisPeers(url, {
      ...PACING,
      sharing: { ...PACING.sharing, responseMs: 300 },
    });
    opened.push(peers);
    const heard: string[] = [];
    let losses = 0;
    peers.listen({ receive: (message) => heard.push(message), lose: () => (losses += 1) });
    await vi.waitFor(() => peers.claim([], LEASE_MS));
    return { peers, heard, losses: () => losses };
  }

  beforeAll(() => server.start());
  beforeEach(async () => {
    opened = [];
    await server.run((redis) => redis.flushall());
  });
  afterEach(() => Promise.all(opened.map((peers) => peers.onApplicationShutdown())));
  afterAll(() => server.dispose());

  it('hold each lease one at a time, until it ends or is released', async () => {
    const [{ peers: one }, { peers: other }] = [await open(), await open()];
    await expect(one.claim(['a', 'b'], 60_000)).resolves.toEqual([0, 0]);
    await expect(one.claim(['b'], LEASE_MS)).resolves.toEqual([0]);
    const [a, b, c] = await other.claim(['a', 'b', 'c'], LEASE_MS);
    expect([a! > LEASE_MS, b! > 0 && b! <= LEASE_MS, c]).toEqual([true, true, 0]);
    other.release(['a']);
    await expect(other.claim(['a'], LEASE_MS)).resolves.not.toEqual([0]);
    one.release(['a']);
    await vi.waitFor(async () => expect(await other.claim(['a', 'b'], LEASE_MS)).toEqual([0, 0]));
  });

  it('take a lease that would never end, such as one that was made by hand', async () => {
    const { peers } = await open();
    await server.run((redis) => redis.set('alfresco-downloads:watched:a', 'someone'));
    await expect(peers.claim(['a'], LEASE_MS)).resolves.toEqual([0]);
    await expect(
      server.run((redis) => redis.pttl('alfresco-downloads:watched:a')),
    ).resolves.toBeGreaterThan(0);
  });

  it('hear what the others publish in the same database, and not themselves', async () => {
    const [one, other, elsewhere] = [await open(), await open(), await open(`${server.url}/1`)];
    elsewhere.peers.publish('from another database');
    one.peers.publish('first');
    one.peers.publish('the second one');
    await vi.waitFor(() => expect(other.heard).toEqual(['first', 'the second one']));
    expect([one.heard, elsewhere.heard]).toEqual([[], []]);
  });

  it('cannot be reached while Redis is away or hangs, and can when it is back', async () => {
    const { peers, losses } = await open();
    const { peers: other, heard } = await open();
    await server.kill();
    await vi.waitFor(() => expect(losses()).toBe(1));
    await expect(peers.claim(['a'], LEASE_MS)).rejects.toThrow();
    await server.start();
    await vi.waitFor(() => peers.claim(['a'], LEASE_MS), 5000);
    await vi.waitFor(() => other.claim(['b'], LEASE_MS), 5000);
    peers.publish('back');
    await vi.waitFor(() => expect(heard).toEqual(['back']));
    server.signal('SIGSTOP');
    try {
      await expect(peers.claim(['a'], LEASE_MS)).rejects.toThrow();
      await vi.waitFor(() => expect(losses()).toBe(2), 5000);
    } finally {
      server.signal('SIGCONT');
    }
  });

  it('leave no connection behind when the application ends', async () => {
    const clients = async () => String(await server.run((redis) => redis.client('LIST')));
    const module = await Test.createTestingModule({
      imports: [
        DownloadsModule.forRoot({
          alfresco: { url: 'https://acs.example.com', username: 'a', password: 'b' },
          store: server.url,
          callerOf: () => undefined,
        }),
      ],
    }).compile();
    const app = await module.init();
    await vi.waitFor(async () =>
      expect((await clients()).match(/name=alfresco-downloads-bff/g)).toHaveLength(2),
    );
    await app.close();
    await vi.waitFor(async () => expect(await clients()).not.toContain('alfresco-downloads-bff'));
  });
});
