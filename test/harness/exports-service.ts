import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { until } from './polling.js';
import { readZip } from './zip.js';

const MAIN = resolve('examples/microservice/main.ts');

/** The state of one ZIP, as the example reports it. */
interface Export {
  readonly id: string;
  readonly state: string;
  readonly percent: number;
  readonly contentUrl?: string;
  readonly failure?: string;
}

/** The example of a microservice in a child process, and a user of it. */
export class ExportsService {
  private url = '';
  private child?: ChildProcess;

  private constructor(private readonly variables: Readonly<Record<string, string>>) {}

  /**
   * @param downloads where the downloads service is, and the `name:password` for it
   * @param directory for its jobs
   */
  static async start(
    downloads: { readonly url: string; readonly login: string },
    directory: string,
  ): Promise<ExportsService> {
    const exports = new ExportsService({
      PORT: '0',
      EXPORTS_DIRECTORY: directory,
      DOWNLOADS_URL: downloads.url,
      DOWNLOADS_USER: downloads.login,
    });
    await exports.start();
    return exports;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      env: { PATH: process.env.PATH, ...this.variables },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => (output += String(chunk)));
    }
    const urlIn = () => /listens on (\S+)/.exec(output)?.[1];
    await until(urlIn, (url) => url !== undefined || child.exitCode !== null, {
      forMs: 30_000,
    });
    if (!urlIn()) throw new Error(`it did not start: ${output}`);
    this.url = urlIn()!;
    this.child = child;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child!;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  /** Requests a ZIP; returns the path of its state. */
  async order(...nodeIds: readonly string[]): Promise<string> {
    const response = await fetch(`${this.url}/exports`, {
      method: 'POST',
      body: JSON.stringify({ nodeIds }),
    });
    expect(response.status).toBe(202);
    return response.headers.get('location')!;
  }

  async get(location: string): Promise<Export> {
    return (await (await fetch(this.url + location)).json()) as Export;
  }

  /** Waits until it is ready or has failed. */
  ended(location: string): Promise<Export> {
    return until(
      () => this.get(location),
      ({ state }) => state !== 'making',
      { forMs: 30_000 },
    );
  }
}

/** Names of the entries in the ZIP that the microservice links to. */
export async function namesInExport({ contentUrl }: Export): Promise<string[]> {
  const response = await fetch(contentUrl!);
  expect(response.status).toBe(200);
  const entries = await readZip(Buffer.from(await response.arrayBuffer()));
  return entries.map(({ name }) => name);
}
