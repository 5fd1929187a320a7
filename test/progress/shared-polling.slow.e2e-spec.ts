import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  startMoving,
  workersOf,
} from './shared-polling.js';

const PROCESSES = 4;
const WATCHERS = 400;
const MEASURED_MS = 5000;
const LONGEST_GAP_MS = 3000;
const TIMEOUT = { timeout: 120_000 };

const it = configured({ sandbox: MOVING });

describe('400 watchers of one download at four processes', () => {
  it(
    'cost Alfresco five calls a second, and are three seconds without news at most: with kill -9, while Redis is away, and when it is back',
    TIMEOUT,
    async ({ sandbox, skip }) => {
      requirePrograms({ skip }, 'redis-server');
      await using replicas = await Replicas.start(sandbox.url, PROCESSES);
      const id = await startMoving(replicas.urls[0]!);
      const audience = await Audience.gather(replicas.urls, id, WATCHERS);
      const rate = () => callRate(sandbox, id, MEASURED_MS);
      expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);

      const leader = await replicas.leader();
      audience.mark();
      await replicas.kill(leader);
      expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);
      await audience.hear();
      expect(audience.longestGapMs).toBeLessThan(LONGEST_GAP_MS);

      const returned = audience.returned;
      const before = await replicas.reads();
      audience.mark();
      await replicas.store.kill();
      await until(
        async () => (await replicas.reads()).map((after, index) => after - before[index]!),
        (grown) => grown.every((count) => count > 10),
      );
      await replicas.store.start();
      await until(
        () => callRate(sandbox, id, 1000),
        (now) => now <= CALLS_A_SECOND,
      );
      expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);
      await audience.hear();
      expect(audience.longestGapMs).toBeLessThan(LONGEST_GAP_MS);
      expect(audience.returned).toBe(returned);

      sandbox.bytesPerSecond = undefined;
      await audience.ended();
      expect(audience.lastNames).toEqual(Array(WATCHERS).fill('done'));
    },
  );

  it(
    'cost it no more at four workers, of which each is killed in turn',
    TIMEOUT,
    async ({ sandbox }) => {
      const file = join(tmpdir(), `${randomUUID()}.db`);
      const variables = { ...SHARED, STORE_URL: `sqlite:${file}`, WORKERS: String(PROCESSES) };
      const service = await ServiceProcess.start(sandbox.url, variables);
      const id = await startMoving(service.url!);
      const audience = await Audience.gather([service.url!], id, WATCHERS);
      const rate = () => callRate(sandbox, id, MEASURED_MS);
      expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);
      for (const worker of await workersOf(service)) {
        audience.mark();
        process.kill(worker, 'SIGKILL');
        expect(await rate()).toBeLessThanOrEqual(CALLS_A_SECOND);
        await audience.hear();
        expect(audience.longestGapMs).toBeLessThan(LONGEST_GAP_MS);
      }
      sandbox.bytesPerSecond = undefined;
      await audience.ended();
      expect(audience.lastNames).toEqual(Array(WATCHERS).fill('done'));
      await service.stop();
      await rm(file, { force: true });
    },
  );
});
