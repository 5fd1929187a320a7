import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { SERVICE_ACCOUNT } from './bff.js';
import { packInto } from './packed.js';
import { until } from './polling.js';

const run = promisify(execFile);

const TYPESCRIPT = resolve('node_modules/typescript/bin/tsc');

/** Keys of the callers, which the example takes in `x-api-key`. */
export const KEYS = { alice: 'key-of-alice-7431', zoe: 'key-of-zoe-9205' } as const;

/** `examples/embedded`, an application that embeds the module under test. */
export class EmbeddedExample {
  private constructor(private readonly directory: string) {}

  /** With the packed module installed from its tarball, outside of the repository. */
  static async install(): Promise<EmbeddedExample> {
    const directory = await mkdtemp(join(tmpdir(), 'embedded-'));
    const example = new EmbeddedExample(directory);
    packInto(directory);
    await example.copySources();
    const cwd = example.folder;
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
    await run('npm', ['install', ...options], { cwd });
    await run('npm', ['run', 'build'], { cwd });
    return example;
  }

  /** With the built module linked into `node_modules`; it uses the repository's packages. */
  static async link(): Promise<EmbeddedExample> {
    // Inside the repository, so that packages are found. The next build removes what killed processes left.
    const directory = resolve(`.build/embedded-${process.pid}`);
    const example = new EmbeddedExample(directory);
    await example.copySources();
    const module = join(example.folder, 'node_modules/alfresco-downloads-bff');
    await mkdir(module, { recursive: true });
    await cp('package.json', join(module, 'package.json'));
    await symlink(process.env.BUILT_SERVICE!, join(module, 'dist'));
    await run(process.execPath, [TYPESCRIPT], { cwd: example.folder });
    return example;
  }

  /** Starts it in front of this Alfresco, on a free port. */
  start(alfrescoUrl: string, ...options: readonly string[]): Promise<RunningExample> {
    return RunningExample.start(this.folder, options, {
      PATH: process.env.PATH,
      PORT: '0',
      ALFRESCO_URL: alfrescoUrl,
      ALFRESCO_USERNAME: SERVICE_ACCOUNT.id,
      ALFRESCO_PASSWORD: SERVICE_ACCOUNT.password,
      API_KEYS: Object.entries(KEYS)
        .map(([user, key]) => `${key}=${user}`)
        .join(','),
    });
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }

  private get folder(): string {
    return join(this.directory, 'examples/embedded');
  }

  private copySources(): Promise<void> {
    return cp('examples/embedded', this.folder, {
      recursive: true,
      filter: (path) => !/\/(?:node_modules|dist)$/.test(path),
    });
  }
}

/** The example in a child process. */
export class RunningExample {
  /** Everything that it has printed. */
  output = '';

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => (this.output += String(chunk)));
    }
  }

  static async start(
    folder: string,
    options: readonly string[],
    env: NodeJS.ProcessEnv,
  ): Promise<RunningExample> {
    const example = new RunningExample(
      spawn(process.execPath, ['dist/main.js', ...options], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    await until(
      () => /listens on/.test(example.output) || example.child.exitCode !== null,
      (isOver) => isOver,
      { forMs: 30_000 },
    );
    if (example.child.exitCode !== null) throw new Error(example.output);
    return example;
  }

  /** Base URL of its own routes. */
  get url(): string {
    return /listens on (\S+)/.exec(this.output)![1]!;
  }

  /** Stops it with SIGTERM; resolves when it has exited. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}
