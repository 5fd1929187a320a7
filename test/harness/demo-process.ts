import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from './polling.js';

/** All that `npm run demo` needs of the repository, besides its packages. */
const SOURCES = [
  'client',
  'demo',
  'examples/front-end',
  'sandbox',
  'scripts',
  'src',
  'nest-cli.json',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** A copy of the repository, without the `dist/`, the builds and the `.env` of a developer. */
export class DemoCheckout {
  private constructor(readonly directory: string) {}

  static async make(): Promise<DemoCheckout> {
    const checkout = new DemoCheckout(await mkdtemp(join(tmpdir(), 'demo-checkout-')));
    for (const name of SOURCES) {
      await cp(name, join(checkout.directory, name), { recursive: true });
    }
    await symlink(resolve('node_modules'), join(checkout.directory, 'node_modules'));
    return checkout;
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }
}

/** What `npm run demo` runs. */
export class DemoProcess {
  stdout = '';
  stderr = '';
  private readonly closed: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout!.on('data', (chunk) => (this.stdout += String(chunk)));
    child.stderr!.on('data', (chunk) => (this.stderr += String(chunk)));
    this.closed = once(child, 'close');
  }

  /** Runs it with only these variables and `PATH`. */
  static spawn(
    { directory }: DemoCheckout,
    variables: Readonly<Record<string, string>>,
  ): DemoProcess {
    const env = { PATH: process.env.PATH, ...variables };
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const command = ['--disable-warning=ExperimentalWarning', 'demo/main.ts'];
    return new DemoProcess(
      spawn(process.execPath, command, { env, cwd: directory, stdio: [...stdio] }),
    );
  }

  /** Starts it on a free port, and waits until it has printed its address. */
  static async start(checkout: DemoCheckout): Promise<DemoProcess> {
    const demo = DemoProcess.spawn(checkout, { PORT: '0' });
    try {
      // It compiles the service, which takes a while on a busy machine.
      await until(
        () => /Service\s/.test(demo.stdout) || demo.child.exitCode !== null,
        (isOver) => isOver,
        { forMs: 180_000 },
      );
    } catch (error) {
      await demo.stop();
      throw error;
    }
    if (demo.child.exitCode !== null) throw new Error(demo.stdout + demo.stderr);
    return demo;
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Where the service is. */
  get url(): string {
    return /Service\s+(\S+)/.exec(this.stdout)![1]!;
  }

  /** Waits for its end. */
  async exit(): Promise<number | null> {
    await this.closed;
    return this.child.exitCode;
  }

  /** Stops it, if it still runs, and waits for its end. */
  stop(): Promise<number | null> {
    if (this.child.exitCode === null) this.child.kill('SIGTERM');
    return this.exit();
  }
}
