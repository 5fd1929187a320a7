import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { environment, keepMetrics } from './bff.js';
import { keepLine, withFullOutput } from './evidence/evidence.js';
import { until } from './polling.js';

/** The folder of the built service that is under test. */
export const BUILT_SERVICE = process.env.BUILT_SERVICE!;

const MAIN = join(BUILT_SERVICE, 'main.js');

/** The built service (`main.js`) in a child process. */
export class ServiceProcess {
  private output = '';
  /** Its last lines may arrive after its exit. */
  private readonly closed: Promise<unknown>;

  /** @param logLevel lowest level of the lines in `text`; the service itself logs everything */
  private constructor(
    readonly child: ChildProcess,
    logLevel: string | undefined,
  ) {
    this.closed = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      const lines = createInterface({ input: stream! });
      lines.on('line', (line) => {
        if (keepLine(`${line}\n`, logLevel)) this.output += `${line}\n`;
      });
    }
  }

  /** Starts it with exactly these variables, `PATH`, and those of `withFullOutput`. */
  static spawn(
    variables: Record<string, string>,
    [program = '', ...args]: readonly string[] = [process.execPath, MAIN],
  ): ServiceProcess {
    const env = { PATH: process.env.PATH, ...withFullOutput(variables) };
    return new ServiceProcess(
      spawn(program, args, { env, cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] }),
      variables.LOG_LEVEL,
    );
  }

  /** Starts it in front of this Alfresco and waits until it listens. */
  static async start(
    alfrescoUrl: string,
    more: Record<string, string> = {},
    command?: readonly string[],
  ): Promise<ServiceProcess> {
    const service = ServiceProcess.spawn(environment(alfrescoUrl, more), command);
    await until(
      () => service.url,
      (url) => url !== undefined || service.child.exitCode !== null,
      { forMs: 30_000 },
    );
    if (!service.url) throw new Error(`the service did not start: ${service.text}`);
    return service;
  }

  /** Everything that it has printed, filtered by its `LOG_LEVEL`. */
  get text(): string {
    return this.output;
  }

  /** Its address, from its output. */
  get url(): string | undefined {
    return /listens on (http:\/\/[^\s]+)/.exec(this.output)?.[1];
  }

  /** Waits for it to exit. */
  async exit(): Promise<number | null> {
    await this.closed;
    return this.child.exitCode;
  }

  async stop(): Promise<number | null> {
    if (this.url) await keepMetrics(Number(new URL(this.url).port));
    this.child.kill('SIGTERM');
    return this.exit();
  }

  /** Current and peak resident memory in bytes (Linux only). */
  async memory(): Promise<{ now: number; peak: number }> {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    const of = (name: string) =>
      Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
  }
}
