import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox, SandboxOptions } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { RedisServer } from '../harness/redis-server.js';
import { Scrape } from '../harness/scrape.js';
import { ServiceProcess } from '../harness/service-process.js';

/** Calls a second that one download may cost Alfresco, however many processes have watchers of it. */
export const CALLS_A_SECOND = 5;

const FOLDER = '5ba2ed00-0000-4000-8000-000000000000';
const FILES = 2000;

/** With a folder of many small files, whose download moves five times a second for minutes. */
export const MOVING: SandboxOptions = {
  nodes: [
    { id: FOLDER, name: 'many files', parentId: SAMPLE_NODES.sharedFolder },
    ...Array.from({ length: FILES }, (_, index) => ({
      id: `5ba2ed00-0000-4000-8000-${String(index + 1).padStart(12, '0')}`,
      name: `file-${index}`,
      parentId: FOLDER,
      randomBytes: 1000,
    })),
  ],
  bytesPerSecond: 5000,
  estimateMsPerFile: 0,
};

/** What all processes of a service have in common. */
export const SHARED = { LINK_SECRET: 'the same secret for all processes', LOG_LEVEL: 'log' };

export function startMoving(url: string): Promise<string> {
  return DownloadsApi.ofBff(url).start([FOLDER]);
}

/** Requests to Alfresco for the progress of a download. */
export function callsFor(sandbox: Sandbox, id: string): number {
  return sandbox.requests.filter(
    ({ method, url }) => method === 'GET' && url.endsWith(`/downloads/${id}`),
  ).length;
}

/** Calls a second during this time. */
export async function callRate(sandbox: Sandbox, id: string, measuredMs: number): Promise<number> {
  const [before, begun] = [callsFor(sandbox, id), performance.now()];
  await sleep(measuredMs);
  return ((callsFor(sandbox, id) - before) * 1000) / (performance.now() - begun);
}

/** Process ids of the workers. */
export async function workersOf({ child: { pid } }: ServiceProcess): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

/** Several processes with one Redis. */
export class Replicas implements AsyncDisposable {
  private constructor(
    private readonly redis: RedisServer,
    readonly processes: ServiceProcess[],
  ) {}

  /** @param user in whose name they use Redis, who may use the keys of the service and no channel */
  static async start(
    alfrescoUrl: string,
    count: number,
    variables: Record<string, string> = {},
    user?: { readonly name: string; readonly password: string },
  ): Promise<Replicas> {
    const redis = new RedisServer();
    await redis.start();
    const url = new URL(redis.url);
    if (user) {
      const { name, password } = user;
      await redis.run((client) =>
        client.acl('SETUSER', name, 'on', `>${password}`, '~alfresco-downloads:*', '+@all'),
      );
      Object.assign(url, { username: name, password });
    }
    const all = { ...SHARED, STORE_URL: url.href, ...variables };
    const processes = await Promise.all(
      Array.from({ length: count }, () => ServiceProcess.start(alfrescoUrl, all)),
    );
    return new Replicas(redis, processes);
  }

  get urls(): string[] {
    return this.processes.map(({ url }) => url!);
  }

  get store(): RedisServer {
    return this.redis;
  }

  /** Calls for progress that each process has made. */
  reads(): Promise<number[]> {
    return Promise.all(
      this.urls.map(async (url) => {
        const name = 'bff_upstream_request_duration_seconds_count';
        return (await Scrape.of(url)).value(name, { operation: 'GET /downloads/{id}' }) ?? 0;
      }),
    );
  }

  /** The process that asks Alfresco for all. */
  async leader(): Promise<ServiceProcess> {
    const before = await this.reads();
    await sleep(1000);
    const grown = (await this.reads()).map((after, index) => after - before[index]!);
    return this.processes[grown.indexOf(Math.max(...grown))]!;
  }

  async kill(process: ServiceProcess): Promise<void> {
    this.processes.splice(this.processes.indexOf(process), 1);
    process.child.kill('SIGKILL');
    await process.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.processes) child.kill('SIGKILL');
    await Promise.all(this.processes.map((process) => process.exit()));
    await this.redis.dispose();
  }
}
