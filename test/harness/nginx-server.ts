import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis-server.js';
import { until } from './polling.js';

const TEMPLATE = 'deploy/nginx/downloads.conf.template';

/** A real nginx with the configuration of `deploy/nginx`, on a free port of the loopback. */
export class NginxServer {
  private output = '';

  private constructor(
    private readonly process: ChildProcess,
    private readonly directory: string,
    readonly url: string,
  ) {
    process.stderr!.on('data', (chunk) => (this.output += String(chunk)));
  }

  /** Starts it in front of replicas at these ports and waits until it listens. */
  static async start(ports: readonly number[]): Promise<NginxServer> {
    const directory = await mkdtemp(join(tmpdir(), 'nginx-'));
    // As root, nginx runs its workers as an unprivileged user, which needs access to this directory.
    await chmod(directory, 0o755);
    const listen = `127.0.0.1:${await freePort()}`;
    const template = await readFile(TEMPLATE, 'utf8');
    await writeFile(
      join(directory, 'downloads.conf'),
      substituted(template, {
        DOWNLOADS_SERVERS: ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join(' '),
        DOWNLOADS_LISTEN: listen,
        DOWNLOADS_LOGS: directory,
      }),
    );
    const main = join(directory, 'nginx.conf');
    await writeFile(main, mainConfiguration(directory));
    const args = ['-p', directory, '-c', main, '-e', 'stderr'];
    const nginx = new NginxServer(
      spawn('nginx', args, { stdio: ['ignore', 'ignore', 'pipe'] }),
      directory,
      `http://${listen}`,
    );
    await until(
      () => nginx.isListening(),
      (isListening) => isListening,
    );
    return nginx;
  }

  /** Its access and error log. */
  async logs(): Promise<string> {
    const names = ['downloads.access.log', 'downloads.error.log'];
    const texts = names.map((name) => readFile(join(this.directory, name), 'utf8'));
    return (await Promise.all(texts)).join('') + this.output;
  }

  async stop(): Promise<void> {
    const exit = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await exit;
    await rm(this.directory, { recursive: true });
  }

  private async isListening(): Promise<boolean> {
    if (this.process.exitCode !== null) throw new Error(`nginx did not start: ${this.output}`);
    return fetch(this.url).then(
      () => true,
      () => false,
    );
  }
}

/** Like envsubst: other variables, such as nginx's own, stay as they are. */
function substituted(template: string, variables: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\$\{(\w+)\}/g, (text, name: string) => variables[name] ?? text);
}

/** The usual main nginx.conf, with all files in one folder. */
function mainConfiguration(directory: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    daemon off;
    worker_processes 2;
    pid ${directory}/nginx.pid;
    events { worker_connections 1024; }
    http {
      ${kinds.map((kind) => `${kind}_temp_path ${directory}/${kind};`).join(' ')}
      include ${directory}/downloads.conf;
    }`;
}
