import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './polling.js';

/** A real `redis-server` of the test's own, on loopback, that can be stopped, paused and started again. */
export class RedisProcess {
  private child?: ChildProcess;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly options: readonly string[],
  ) {}

  /** @param options further lines of configuration, e.g. `--maxmemory 3mb` */
  static async start(...options: string[]): Promise<RedisProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'redis-'));
    const redis = new RedisProcess(await freePort(), directory, options);
    await redis.start();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = [
      '--port',
      String(this.port),
      '--bind',
      '127.0.0.1',
      '--dir',
      this.directory,
      '--save',
      '',
    ];
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always'];
    this.child = spawn('redis-server', [...options, ...durable, ...this.options], {
      stdio: 'ignore',
    });
    await until(
      () => canConnect(this.port),
      (isUp) => isUp,
    );
  }

  /** Changes a setting while it runs, e.g. `maxmemory`. */
  async configure(name: string, value: string): Promise<void> {
    const socket = connect(this.port, '127.0.0.1');
    socket.write(`CONFIG SET ${name} ${value}\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    if (answer.toString() !== '+OK\r\n') throw new Error(answer.toString());
  }

  /** SIGSTOP: connections stay, answers do not come. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
