import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { ExportsService } from './exports-service.js';
import { configured } from './fixtures.js';
import { LossyRelay } from './lossy-relay.js';
import { readZip } from './zip.js';

const SHELL_SCRIPT = resolve('examples/curl/save-zip.sh');
const TYPESCRIPT = resolve('examples/typescript/save-zip.ts');

export const LARGE_FILE_BYTES = 5_000_000;

export const isCreation = (method: string, path: string) =>
  method === 'POST' && path === '/downloads';
export const isContent = (_method: string, path: string) => path.endsWith('/content');

/** The output of a program, and its exit code. */
interface Result {
  readonly code: number | null;
  readonly output: string;
}

/** The programs of `examples/` that save a ZIP, run in an empty directory by one user. */
export class ExamplePrograms {
  constructor(
    readonly directory: string,
    private readonly serviceUrl: string,
    private readonly login: string,
  ) {}

  /** The shell script, which saves `out.zip`. */
  shell(ids: readonly string[], login?: string): Promise<Result> {
    return this.run('sh', [SHELL_SCRIPT, 'out.zip', ...ids], login);
  }

  /** The program in TypeScript, which names the ZIP as the service does. */
  typescript(ids: readonly string[], login?: string): Promise<Result> {
    return this.run(process.execPath, [TYPESCRIPT, ...ids], login);
  }

  async run(command: string, args: readonly string[], login = this.login): Promise<Result> {
    const program = spawn(command, args, {
      cwd: this.directory,
      env: { PATH: process.env.PATH, DOWNLOADS_URL: this.serviceUrl, DOWNLOADS_USER: login },
    });
    let output = '';
    for (const stream of [program.stdout, program.stderr]) {
      stream.on('data', (chunk) => (output += String(chunk)));
    }
    const [code] = (await once(program, 'close')) as [number | null];
    return { code, output };
  }

  async entriesOf(file: string): Promise<{ name: string; bytes: Buffer }[]> {
    return readZip(await readFile(join(this.directory, file)));
  }

  async namesIn(file: string): Promise<string[]> {
    return (await this.entriesOf(file)).map(({ name }) => name);
  }
}

/**
 * Tests of `examples/`, besides what `configured` gives, with
 *
 * - `relay`: between the programs and the service; loses responses.
 * - `programs`: those that save a ZIP and exit.
 * - `exports`: the microservice.
 */
export const it = configured({ sandbox: { largeFileBytes: LARGE_FILE_BYTES } })
  // The programs import the package, of which Node.js finds only what is built.
  .extend('builtClient', { scope: 'file', auto: true }, () => {
    execFileSync('npm', ['run', '--silent', 'build:client']);
    return true;
  })
  .extend('runningRelay', { scope: 'file' }, async ({ bff }, { onCleanup }) => {
    const relay = await LossyRelay.start(bff.url);
    onCleanup(() => relay.close());
    return relay;
  })
  .extend('relay', ({ runningRelay }) => {
    runningRelay.reset();
    return runningRelay;
  })
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'examples-'));
    onCleanup(() => rm(directory, { recursive: true }));
    return directory;
  })
  .extend('login', ({ user }) => `${user.name}:${user.password}`)
  .extend(
    'programs',
    ({ relay, directory, login }) => new ExamplePrograms(directory, relay.url, login),
  )
  .extend('exports', async ({ relay, directory, login }, { onCleanup }) => {
    const exports = await ExportsService.start(
      { url: relay.url, login },
      join(directory, 'exports'),
    );
    onCleanup(() => exports.stop());
    return exports;
  });

/** How the ZIP was asked for, each time. */
export function transfers({ received }: LossyRelay): string[] {
  const requests = received.filter((request) => /^GET .*\/content/.test(request));
  return requests.map((request) => (/ bytes=[1-9]\d*-$/.test(request) ? 'rest' : 'whole'));
}

/** How often the service was asked to make a ZIP. */
export function creations({ received }: LossyRelay): number {
  return received.filter((request) => request === 'POST /downloads').length;
}

/** How often Alfresco was asked to make a ZIP. */
export function zipsMade({ requests }: Sandbox): number {
  return requests.filter(({ method, url }) => method === 'POST' && url.endsWith('/downloads'))
    .length;
}
