import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { SAMPLE_USERS } from '../sandbox/sample-nodes.ts';

/** Header of the one caller that the measured service knows. */
export const AUTHORIZATION = `Basic ${Buffer.from('bench:bench').toString('base64')}`;

/** The built service in its production configuration, in a process of its own, on the first core where `taskset` is there. */
export class MeasuredService {
  readonly child: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  static async start(alfrescoUrl: string): Promise<MeasuredService> {
    const account = SAMPLE_USERS.find(({ id }) => id === 'downloads-service')!;
    const main = join(import.meta.dirname, '../dist/main.js');
    const isLinux = process.platform === 'linux';
    const command = isLinux ? 'taskset' : process.execPath;
    const args = isLinux ? ['-c', '0', process.execPath, main] : [main];
    const child = spawn(command, args, {
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        PORT: '0',
        RATE_LIMIT: 'off',
        STORE_URL: 'sqlite::memory:',
        ALFRESCO_URL: alfrescoUrl,
        ALFRESCO_USERNAME: account.id,
        ALFRESCO_PASSWORD: account.password,
        USERS: `bench:${await bcrypt.hash('bench', 10)}`,
      },
    });
    let output = '';
    // What it logs under load is of no interest, but has to be read.
    child.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-5000)));
    for (;;) {
      const port = /listens on http:\/\/[^\s:]+:(\d+)/.exec(output)?.[1];
      if (port) return new MeasuredService(child, Number(port));
      if (child.exitCode !== null) throw new Error(`the service did not start: ${output}`);
      await sleep(20);
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Bytes of memory that it holds (Linux only). */
  async residentBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }

  /** File descriptors that it holds, sockets included (Linux only). */
  async openFiles(): Promise<number> {
    return (await readdir(`/proc/${this.child.pid}/fd`)).length;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await new Promise((resolve) => this.child.once('exit', resolve));
  }
}
