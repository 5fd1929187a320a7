import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { SAMPLE_USERS } from '../sandbox/sample-nodes.ts';
import { SERVICE_CORES, pinned } from './cores.ts';

/** The resident memory of a process, in bytes (Linux only). */
export async function residentBytesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** The `Authorization` header of the measured service's only user. */
export const AUTHORIZATION = `Basic ${Buffer.from('bench:bench').toString('base64')}`;

/** The environment that the image sets, see `Dockerfile`. */
export const IMAGE_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '1',
  NODE_OPTIONS: '--max-semi-space-size=16',
};

const MAIN = join(import.meta.dirname, '../dist/main.js');

/**
 * The built service in its production configuration, in its own process: with authentication, ownership in a SQLite file,
 * log and metrics, but without limits, since all load comes from one caller.
 */
export class MeasuredService {
  readonly child: ChildProcess;
  readonly url: string;
  /** A time of `performance.now()`. */
  readonly spawnedAt: number;
  private readonly directory: string;

  private constructor(child: ChildProcess, url: string, directory: string, spawnedAt: number) {
    this.child = child;
    this.url = url;
    this.spawnedAt = spawnedAt;
    this.directory = directory;
  }

  /**
   * @param more additional environment variables
   * @param options the processor cores, and a program with its arguments that starts the service in another way
   */
  static async start(
    alfrescoUrl: string,
    more: Record<string, string> = {},
    { cores = SERVICE_CORES, program = [MAIN] }: { cores?: string; program?: string[] } = {},
  ): Promise<MeasuredService> {
    const account = SAMPLE_USERS.find(({ id }) => id === 'downloads-service')!;
    const directory = mkdtempSync(join(tmpdir(), 'bench-'));
    // To a file: a pipe would be read on the core that generates the load.
    const log = openSync(join(directory, 'log'), 'w');
    const [command, ...args] = pinned(cores, [process.execPath, ...program]);
    const hash = await bcrypt.hash('bench', 10);
    const spawnedAt = performance.now();
    const child = spawn(command, args, {
      cwd: directory,
      stdio: ['ignore', log, 'inherit'],
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        ...IMAGE_ENVIRONMENT,
        PORT: '0',
        RATE_LIMIT: 'off',
        MAX_TRANSFERS_PER_CALLER: '1000',
        STORE_URL: 'sqlite:./downloads.db',
        ALFRESCO_URL: alfrescoUrl,
        ALFRESCO_USERNAME: account.id,
        ALFRESCO_PASSWORD: account.password,
        USERS: `bench:${hash}`,
        ...more,
      },
    });
    closeSync(log);
    for (;;) {
      const text = await readFile(join(directory, 'log'), 'utf8');
      const url = /listens on (http:\/\/[^\s:]+:\d+)/.exec(text)?.[1];
      if (url) return new MeasuredService(child, url, directory, spawnedAt);
      if (child.exitCode !== null) throw new Error(`the service did not start: ${text}`);
      await sleep(10);
    }
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Creates this many downloads, and returns their ids. */
  async createDownloads(count: number, headers?: Record<string, string>): Promise<string[]> {
    const ids: string[] = [];
    const work = async () => {
      while (ids.length < count) ids.push(await this.createDownload('node', headers));
    };
    await Promise.all(Array.from({ length: 32 }, work));
    return ids.slice(0, count);
  }

  /** @param credentials of the caller, as headers */
  async createDownload(
    nodeId = 'node',
    credentials: Record<string, string> = { authorization: AUTHORIZATION },
  ): Promise<string> {
    const response = await fetch(`${this.url}/downloads`, {
      method: 'POST',
      headers: { ...credentials, 'content-type': 'application/json' },
      body: JSON.stringify({ nodeIds: [nodeId] }),
    });
    if (response.status !== 202) throw new Error(await response.text());
    return ((await response.json()) as { entry: { id: string } }).entry.id;
  }

  /** Its resident memory, in bytes (Linux only). */
  async residentBytes(): Promise<number> {
    return residentBytesOf(this.child.pid!);
  }

  /** The number of its open file descriptors, sockets included (Linux only). */
  async openFiles(): Promise<number> {
    return (await readdir(`/proc/${this.child.pid}/fd`)).length;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      await new Promise((resolve) => this.child.once('exit', resolve));
    }
    rmSync(this.directory, { recursive: true });
  }
}
