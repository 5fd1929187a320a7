import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer, describeWithRedis } from '../../../test/harness/redis-server.js';
import { openDatabase } from '../../store/sqlite-database.js';
import { A_WHILE, describeSessionStore, sessionOf } from './session-store.suite.js';
import { openSessionStore } from '../stores.js';

describe('sessions in a SQLite file', () => {
  let directory: string;
  const file = () => join(directory, 'downloads.db');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sessions-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  describeSessionStore(() => openSessionStore({ url: `sqlite:${file()}` }));

  it('leave no rows behind that have ended', async () => {
    const store = openSessionStore({ url: `sqlite:${file()}` });
    for (let number = 0; number < 5; number += 1)
      await store.add(sessionOf(`s${number}`, { idleEndsAt: Date.now() + 1 }));
    await store.add(sessionOf('last'));
    await delay(A_WHILE);
    await store.sweep();
    await store.close();
    const db = openDatabase(file());
    expect(db.prepare('SELECT id FROM sessions').all()).toEqual([{ id: 'last' }]);
    db.close();
  });
});

describeWithRedis('sessions in Redis', () => {
  const server = new RedisServer();
  beforeAll(() => server.start());
  beforeEach(() => server.run((redis) => redis.flushall()));
  afterAll(() => server.dispose());

  describeSessionStore(() => openSessionStore({ url: server.url }));

  it('expire by themselves, with all that leads to them', async () => {
    const store = openSessionStore({ url: server.url });
    await store.add(sessionOf('s', { providerSession: 'p' }));
    await store.close();
    const keys = await server.run((redis) => redis.keys('*'));
    expect(keys).toHaveLength(4);
    for (const key of keys) {
      expect(key).toMatch(/^alfresco-downloads:session/);
      expect(await server.run((redis) => redis.pttl(key))).toBeGreaterThan(0);
    }
  });

  it('leave no ids behind that have ended', async () => {
    const store = openSessionStore({ url: server.url });
    await store.add(sessionOf('s1'));
    await store.remove({ id: 's1' });
    await store.add(sessionOf('s2'));
    await store.add(sessionOf('s3'));
    await store.add(sessionOf('s4', { idleEndsAt: Date.now() + 1 }));
    await delay(A_WHILE);
    await store.sweep();
    await store.close();
    const ends = await server.run((redis) =>
      redis.zrange('alfresco-downloads:session-ends', '0', '-1'),
    );
    expect(ends.toSorted()).toEqual(['s2', 's3']);
    const [group] = await server.run((redis) => redis.keys('*session-subject*'));
    const ids = await server.run((redis) => redis.smembers(group!));
    expect(ids.toSorted()).toEqual(['s2', 's3', 's4']);
  });

  it('cannot be had while it is away', async () => {
    const store = openSessionStore({ url: 'redis://127.0.0.1:1' });
    await expect(store.find('s')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.close();
  });
});
