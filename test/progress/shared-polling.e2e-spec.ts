import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { Events } from '../harness/event-stream.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { requirePrograms } from '../harness/programs.js';
import { ServiceProcess } from '../harness/service-process.js';
import { Audience } from './audience.js';
import {
  CALLS_A_SECOND,
  MOVING,
  Replicas,
  SHARED,
  callRate,
  callsFor,
  startMoving,
  workersOf,
} from './shared-polling.js';

const WATCHERS = 30;
const MEASURED_MS = 1500;
const TIMEOUT = { timeout: 60_000 };

const it = configured({ sandbox: MOVING });

describe('watchers of one download at three processes with one Redis', () => {
  beforeEach(({ skip }) => requirePrograms({ skip }, 'redis-server'));

  it(
    'cost Alfresco what one process would, and go on when the one that asks is killed, when Redis stops and when it is back',
    TIMEOUT,
    async ({ sandbox }) => {
      await using replicas = await Replicas.start(sandbox.url, 3);
      const id = await startMoving(replicas.urls[0]!);
      const audience = await Audience.gather(replicas.urls, id, WATCHERS);
      const rate = () => callRate(sandbox, id, MEASURED_MS);
      expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);

      await replicas.kill(await replicas.leader());
      await audience.hear();
      expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);

      const returned = audience.returned;
      const before = await replicas.reads();
      await replicas.store.kill();
      await until(
        async () => (await replicas.reads()).map((after, index) => after - before[index]!),
        (grown) => grown.every((count) => count > 5),
      );
      await audience.hear();
      await replicas.store.start();
      await until(rate, (now) => now <= CALLS_A_SECOND);
      await audience.hear();
      expect(audience.returned).toBe(returned);

      sandbox.bytesPerSecond = undefined;
      await audience.ended();
      expect(audience.lastNames).toEqual(Array(WATCHERS).fill('done'));
    },
  );

  it(
    'all learn at once that it has stalled, and that one of the processes has removed it',
    TIMEOUT,
    async ({ sandbox }) => {
      await using replicas = await Replicas.start(sandbox.url, 3, { STALL_AFTER_MS: '2000' });
      const api = DownloadsApi.ofBff(replicas.urls[0]!);
      const id = await api.startStuck();
      const streams = await Promise.all(replicas.urls.map((url) => Events.open(url, id)));
      await until(
        () => streams.map(({ names }) => names.at(-1)),
        (names) => names.every((name) => name === 'stalled'),
      );
      const removed = await api.request('DELETE', `/downloads/${id}?purge=true`);
      expect(removed.status).toBe(204);
      await Promise.all(streams.map(({ ended }) => ended));
      for (const { last } of streams) {
        expect(last).toMatchObject({ name: 'gone', data: { code: 'DOWNLOAD_NOT_FOUND' } });
      }
      // They did not find out each for itself; one may have asked before it was told.
      const found = sandbox.requests.filter(
        ({ url, status }) => url.endsWith(id) && status === 404,
      );
      expect(found.length).toBeLessThanOrEqual(1);
    },
  );

  it('go on where another process may not ask any more', TIMEOUT, async ({ sandbox }) => {
    await using replicas = await Replicas.start(sandbox.url, 3);
    const id = await startMoving(replicas.urls[0]!);
    const streams = await Promise.all(replicas.urls.map((url) => Events.open(url, id)));
    await until(
      () => streams.map(({ received }) => received.length),
      (counts) => counts.every((count) => count > 2),
    );
    const error = {
      errorKey: 'framework.exception.PermissionDenied',
      statusCode: 403,
      briefSummary: '',
    };
    const refusal = { kind: 'status', status: 403, body: JSON.stringify({ error }) } as const;
    sandbox.fail(refusal, { method: 'GET', path: new RegExp(`/downloads/${id}$`) });
    const refused = await until(
      () => streams.filter(({ last }) => last?.name === 'gone'),
      ({ length }) => length > 0,
    );
    const heard = streams.map(({ received }) => received.length);
    await until(
      () => streams.filter(({ received }, index) => received.length > heard[index]! + 2).length,
      (count) => count === 2,
    );
    expect(refused).toHaveLength(1);
    expect(refused[0]!.last).toMatchObject({ data: { code: 'FORBIDDEN' } });
    for (const stream of streams) stream.close();
  });

  it(
    'believe no message that is none of this service, and log it once',
    TIMEOUT,
    async ({ sandbox }) => {
      await using replicas = await Replicas.start(sandbox.url, 2);
      const id = await startMoving(replicas.urls[0]!);
      const audience = await Audience.gather(replicas.urls, id, 4);
      const entry = { id, status: 'DONE', filesAdded: 1, bytesAdded: 1, totalFiles: 1 };
      const forged = [
        'nonsense',
        'x nonsense',
        `x ${JSON.stringify({ kind: 'state', id, ageMs: 0, download: { ...entry, totalBytes: -1 } })}`,
        `x ${JSON.stringify({ kind: 'state', id: '../..', ageMs: 0, download: entry })}`,
        `x ${JSON.stringify({ kind: 'unknown', id })}`,
      ];
      const gone = JSON.stringify({ kind: 'gone', id });
      await replicas.store.run(async (redis) => {
        // The channel of the database with the number 1.
        await redis.publish('alfresco-downloads:progress:1', `x ${gone}`);
        for (const message of forged) await redis.publish('alfresco-downloads:progress:0', message);
      });
      await audience.hear();
      expect(new Set(audience.lastNames)).toEqual(new Set(['progress']));
      for (const { text } of replicas.processes) {
        expect(text.match(/A message of another process is ignored/g)).toHaveLength(1);
      }
      audience.leave();
    },
  );

  it(
    'are served by each process alone where an ACL does not allow the channel',
    TIMEOUT,
    async ({ sandbox }) => {
      const user = { name: 'downloads', password: 'a password of Redis' };
      await using replicas = await Replicas.start(sandbox.url, 2, {}, user);
      const id = await startMoving(replicas.urls[0]!);
      const audience = await Audience.gather(replicas.urls, id, 4);
      const before = await replicas.reads();
      await until(
        async () => (await replicas.reads()).map((after, index) => after - before[index]!),
        (grown) => grown.every((count) => count > 2),
      );
      await audience.hear();
      for (const { text } of replicas.processes) {
        expect(text).toContain('each polls Alfresco for itself');
      }
      audience.leave();
    },
  );
});

describe('readers of one download at two processes', () => {
  it('share the calls that each of them causes', TIMEOUT, async ({ sandbox, skip }) => {
    requirePrograms({ skip }, 'redis-server');
    await using replicas = await Replicas.start(sandbox.url, 2, { STATUS_FRESHNESS_MS: '2000' });
    const [one, other] = replicas.urls.map((url) => DownloadsApi.ofBff(url));
    sandbox.bytesPerSecond = 0;
    const id = await one!.start([SAMPLE_NODES.largeFile]);
    // The first reader asks, since what both know is out of date, and the second one has its news.
    const callsOfEach = async () => {
      expect((await one!.request('DELETE', `/downloads/${id}`)).status).toBe(202);
      const calls: number[] = [];
      for (const reader of [other!, one!]) {
        const before = callsFor(sandbox, id);
        await reader.status(id);
        calls.push(callsFor(sandbox, id) - before);
      }
      return calls;
    };
    // News may arrive after the next request.
    await until(callsOfEach, ([first, second]) => first === 1 && second === 0);
  });
});

describe('watchers of one download at two workers', () => {
  it(
    'cost Alfresco what one process would, and go on when each worker is killed in turn',
    TIMEOUT,
    async ({ sandbox }) => {
      const file = join(tmpdir(), `${randomUUID()}.db`);
      const variables = { ...SHARED, STORE_URL: `sqlite:${file}`, WORKERS: '2' };
      const service = await ServiceProcess.start(sandbox.url, variables);
      const id = await startMoving(service.url!);
      const audience = await Audience.gather([service.url!], id, WATCHERS);
      const rate = () => callRate(sandbox, id, MEASURED_MS);
      expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);
      for (const worker of await workersOf(service)) {
        process.kill(worker, 'SIGKILL');
        await until(
          () => workersOf(service),
          (workers) => workers.length === 2 && !workers.includes(worker),
        );
        await audience.hear();
        expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);
      }
      sandbox.bytesPerSecond = undefined;
      await audience.ended();
      expect(audience.lastNames).toEqual(Array(WATCHERS).fill('done'));
      await service.stop();
      await rm(file, { force: true });
    },
  );
});
