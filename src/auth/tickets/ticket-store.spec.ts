import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RedisServer, describeWithRedis } from '../../../test/harness/redis-server.js';
import { PACING } from '../../config/pacing.js';
import { openDatabase } from '../../store/sqlite-database.js';
import { openTicketStore } from '../stores.js';
import { A_WHILE, HOUR, describeTicketStore } from './ticket-store.suite.js';

describe('tickets in a SQLite file', () => {
  let directory: string;
  const file = () => join(directory, 'downloads.db');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tickets-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  describeTicketStore(() => openTicketStore({ url: `sqlite:${file()}` }));

  it('leave no rows behind that have ended', async () => {
    const store = openTicketStore({ url: `sqlite:${file()}` });
    for (let number = 0; number < 5; number += 1) await store.save(`h${number}`, 'alice', 1);
    await delay(A_WHILE);
    await store.save('last', 'alice', HOUR);
    await store.close();
    const db = openDatabase(file());
    expect(db.prepare('SELECT hash FROM tickets').all()).toEqual([{ hash: 'last' }]);
    db.close();
  });

  it('wait for another process that writes, and say so when it does not end', async () => {
    const store = openTicketStore({ url: `sqlite:${file()}` });
    const other = openDatabase(file());
    other.exec('BEGIN IMMEDIATE');
    const waiting = store.save('h', 'alice', HOUR);
    await delay(A_WHILE);
    other.exec('COMMIT');
    await waiting;
    const impatient = openTicketStore(
      { url: `sqlite:${file()}` },
      { ...PACING.store, lockMs: A_WHILE },
    );
    other.exec('BEGIN IMMEDIATE');
    await expect(impatient.remove('h')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    other.close();
    await impatient.close();
    await store.close();
  });
});

describeWithRedis('tickets in Redis', () => {
  const server = new RedisServer();
  beforeAll(() => server.start());
  beforeEach(() => server.run((redis) => redis.flushall()));
  afterAll(() => server.dispose());

  describeTicketStore(() => openTicketStore({ url: server.url }));

  it('expire by themselves, under the prefix of this service', async () => {
    const store = openTicketStore({ url: server.url });
    await store.save('h', 'alice', HOUR);
    await store.close();
    const keys = await server.run((redis) => redis.keys('*'));
    expect(keys).toEqual(['alfresco-downloads:ticket:h']);
    expect(await server.run((redis) => redis.pttl(keys[0]!))).toBeGreaterThan(0);
  });

  it('cannot be had while it is away', async () => {
    const store = openTicketStore({ url: 'redis://127.0.0.1:1' });
    await expect(store.find('h')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await store.close();
  });
});
