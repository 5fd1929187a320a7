import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { READS_PER_SECOND } from './cpu-time.ts';
import { pace } from './pace.ts';
import { type CpuProfile, renderShares } from './profile-shares.ts';
import { save } from './saver.ts';
import { MeasuredService } from './service.ts';
import { Upstream } from './upstream-process.ts';
import { LoggedIn } from './workloads/callers.ts';
import { DISTINCT, SHARED } from './workloads/status.ts';

const PROGRAM = join(import.meta.dirname, 'profiled-service.ts');
const FOLDER = join(import.meta.dirname, '../.build/profiles');
const SECONDS = 20;
/** Until V8 has compiled all that runs often. */
const WARM_UP_SECONDS = 20;
const WARM_UP_PER_SECOND = 2000;
const ZIP_BYTES = 1_000_000_000;
const ZIPS = 10;

/** A service that can be profiled, and the loads to put on it. */
interface Scene {
  readonly service: MeasuredService;
  readonly loads: readonly Load[];
  stop(): Promise<void>;
}

interface Load {
  readonly name: string;
  /** What the CPU time is divided by. */
  readonly unit: 'read' | 'MB';
  warmUp(): Promise<unknown>;
  /** Returns the number of units. */
  run(): Promise<number>;
}

/** The workloads that can be profiled. */
export const PROFILES: Readonly<Record<string, (program: string[]) => Promise<Scene>>> = {
  W1: (program) => statusReads('W1', DISTINCT, program),
  W2: (program) => statusReads('W2', SHARED, program),
  W3: zip,
  W9: callers,
};

/**
 * Writes CPU profiles of a workload, which Chromium and editors open, and prints the share of each folder of `src/`, of each
 * package and of the parts of Node.js.
 */
export async function profile(start: (program: string[]) => Promise<Scene>): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const pending = join(FOLDER, 'pending');
  const scene = await start([PROGRAM, pending]);
  try {
    for (const load of scene.loads) {
      const file = join(FOLDER, `${load.name.replaceAll(/\W+/g, '-')}.cpuprofile`);
      rmSync(pending, { force: true });
      await load.warmUp();
      scene.service.child.kill('SIGUSR2');
      const count = await load.run();
      scene.service.child.kill('SIGUSR2');
      while (!existsSync(pending)) await sleep(50);
      renameSync(pending, file);
      const written = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
      console.log(`### ${load.name}: ${file}\n`);
      console.log(renderShares(written, count, load.unit));
    }
  } finally {
    await scene.stop();
  }
}

function reads(
  name: string,
  { url }: MeasuredService,
  ids: readonly string[],
  headers?: Readonly<Record<string, string>>,
): Load {
  const paths = ids.map((id) => `/downloads/${id}`);
  return {
    name,
    unit: 'read',
    warmUp: () => pace(url, paths, WARM_UP_PER_SECOND, WARM_UP_SECONDS, headers),
    async run() {
      await pace(url, paths, READS_PER_SECOND, SECONDS, headers);
      return READS_PER_SECOND * SECONDS;
    },
  };
}

async function statusReads(name: string, downloads: number, program: string[]): Promise<Scene> {
  const upstream = await Upstream.start();
  const service = await MeasuredService.start(upstream.alfrescoUrl, {}, { program });
  const ids = await service.createDownloads(downloads);
  return { service, loads: [reads(name, service, ids)], stop: () => stopBoth(service, upstream) };
}

async function zip(program: string[]): Promise<Scene> {
  const upstream = await Upstream.start(ZIP_BYTES);
  const service = await MeasuredService.start(upstream.alfrescoUrl, {}, { program });
  const url = `${service.url}/downloads/${await service.createDownload()}/content`;
  const load: Load = {
    name: 'W3',
    unit: 'MB',
    warmUp: () => save(url),
    async run() {
      for (let count = 0; count < ZIPS; count += 1) await save(url);
      return (ZIPS * ZIP_BYTES) / 1_000_000;
    },
  };
  return { service, loads: [load], stop: () => stopBoth(service, upstream) };
}

async function callers(program: string[]): Promise<Scene> {
  const loggedIn = await LoggedIn.start(program);
  const { service } = loggedIn;
  return {
    service,
    loads: loggedIn.all.map(({ name, ids, headers }) => reads(`W9 ${name}`, service, ids, headers)),
    stop: () => loggedIn.stop(),
  };
}

async function stopBoth(service: MeasuredService, upstream: Upstream): Promise<void> {
  await service.stop();
  upstream.stop();
}
