import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SERVICE_ACCOUNT } from './bff.js';
import { packInto } from './packed.js';
import { until } from './polling.js';

/** Keys of the callers, which the example takes in `x-api-key`. */
export const KEYS = { alice: 'key-of-alice-7431', zoe: 'key-of-zoe-9205' } as const;

/** `examples/embedded`, installed from the packed package, and built, where nothing else of the repository is. */
export class EmbeddedExample {
  private constructor(private readonly directory: string) {}

  static async install(): Promise<EmbeddedExample> {
    const directory = await mkdtemp(join(tmpdir(), 'embedded-'));
    const example = new EmbeddedExample(directory);
    packInto(directory);
    await cp('examples/embedded', example.folder, {
      recursive: true,
      filter: (path) => !/\/(?:node_modules|dist)$/.test(path),
    });
    example.npm('install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock');
    example.npm('run', 'build');
    return example;
  }

  /** Starts it in front of this Alfresco, on any free port. */
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

  private npm(...args: readonly string[]): void {
    const options = { cwd: this.folder, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync('npm', args, options);
    if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stdout}${stderr}`);
  }
}

/** The example in a process of its own. */
export class RunningExample {
  /** All that it has printed. */
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
    );
    if (example.child.exitCode !== null) throw new Error(example.output);
    return example;
  }

  /** Where its own routes are. */
  get url(): string {
    return /listens on (\S+)/.exec(this.output)![1]!;
  }

  /** Stops it as an orchestrator does; resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}
