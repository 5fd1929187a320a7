import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, it } from 'vitest';
import { pathOf } from './programs.ts';
import { requirePrograms } from './programs.js';

/** Skips or fails tests without redis-server, as `requirePrograms` does. */
export function describeWithRedis(name: string, tests: () => void): void {
  if (pathOf('redis-server') !== undefined) {
    describe(name, tests);
    return;
  }
  it(name, (context) => {
    requirePrograms(context, 'redis-server');
  });
}

/** A Redis on a free loopback port, with its files in a temporary directory. */
export class RedisServer {
  private readonly directory = mkdtempSync(join(tmpdir(), 'registry-redis-'));
  private process?: ChildProcess;
  private port = 0;

  /** @param settings command-line arguments; without them nothing is persisted */
  constructor(private readonly settings: readonly string[] = ['--appendonly', 'no']) {}

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts or restarts it, on the same port with the same files. */
  async start(): Promise<void> {
    this.port ||= await freePort();
    const { port, directory, settings } = this;
    const own = ['--bind', '127.0.0.1', '--port', String(port), '--dir', directory, '--save', ''];
    this.process = spawn('redis-server', [...own, ...settings], { stdio: 'ignore' });
    await this.run((client) => client.ping());
  }

  /** Sends commands over a new connection. */
  async run<T>(commands: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: 500 });
    client.on('error', () => {});
    try {
      return await commands(client);
    } finally {
      client.disconnect();
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.process?.kill(signal);
  }

  async kill(): Promise<void> {
    if (!this.process || this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }

  /** Stops it and deletes its files. */
  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Below the ephemeral ports, so that no connection takes it while Redis restarts. */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  const probe = createServer().listen(port, '127.0.0.1');
  const isFree = await once(probe, 'listening').then(
    () => true,
    () => false,
  );
  probe.close();
  return isFree ? port : freePort();
}
