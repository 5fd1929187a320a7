import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment } from './bff.js';
import { until } from './polling.js';

const MAIN = join(process.cwd(), 'dist/main.js');

/** The built service (`dist/main.js`) in a process of its own. */
export class ServiceProcess {
  private output = '';

  private constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
  }

  /** Starts it with exactly these variables, and `PATH`. */
  static spawn(variables: Record<string, string>, node = process.execPath): ServiceProcess {
    const env = { PATH: process.env.PATH, ...variables };
    return new ServiceProcess(
      spawn(node, [MAIN], { env, cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /** Starts it in front of this Alfresco and waits until it listens. */
  static async start(
    alfrescoUrl: string,
    more: Record<string, string> = {},
  ): Promise<ServiceProcess> {
    const service = ServiceProcess.spawn(environment(alfrescoUrl, more));
    await until(
      () => service.url,
      (url) => url !== undefined || service.child.exitCode !== null,
    );
    if (!service.url) throw new Error(`the service did not start: ${service.text}`);
    return service;
  }

  /** All that it has printed. */
  get text(): string {
    return this.output;
  }

  /** Where it listens, from what it printed. */
  get url(): string | undefined {
    return /listens on (http:\/\/[^\s]+)/.exec(this.output)?.[1];
  }

  /** Waits for its end. */
  async exit(): Promise<number | null> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
    return child.exitCode;
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.exit();
  }

  /** Bytes of memory it holds now and the most it ever held (Linux only). */
  async memory(): Promise<{ now: number; peak: number }> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    const of = (name: string) =>
      Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
  }
}
