import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_CORES, isInstalled, pinned } from './cores.ts';
import { IMAGE_ENVIRONMENT } from './service.ts';

/** A proxy to compare with, in a process of its own on the service's core. */
export interface Peer {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  stop(): void;
}

/** The proxies that are installed. */
export function peerNames(): string[] {
  return [...(isInstalled('nginx', '-v') ? ['nginx'] : []), ...SCRIPTS];
}

const SCRIPTS = ['fastify-http-proxy', 'http-proxy-middleware', 'nest-axios'];

/** Not proxies, but minimal servers on the service's foundations. */
export const FLOORS = ['node-constant', 'nest-constant'];

/** @param options Node.js options, for peers that run on it */
export function startPeer(name: string, origin: string, options = ''): Promise<Peer> {
  return name === 'nginx' ? startNginx(origin) : startScript(name, origin, options);
}

async function startScript(name: string, origin: string, options: string): Promise<Peer> {
  const file = join(import.meta.dirname, `peers/${name}.ts`);
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', file, origin];
  const child = run(command, options);
  const { value: url } = await child.stdout!.iterator({ destroyOnReturn: false }).next();
  if (url === undefined) throw new Error(`${name} did not start`);
  return { name, url: String(url).trim(), pid: child.pid!, stop: () => child.kill() };
}

/** One worker, no log, persistent connections, no cache, no temporary files. */
async function startNginx(origin: string): Promise<Peer> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
     events { worker_connections 20000; }
     http {
       access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
       client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
       uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
       upstream alfresco { server ${new URL(origin).host}; keepalive 128; keepalive_requests 1000000000; }
       server {
         listen 127.0.0.1:${port} backlog=4096;
         location / {
           proxy_pass http://alfresco; proxy_http_version 1.1; proxy_set_header Connection "";
           proxy_max_temp_file_size 0;
         }
       }
     }`,
  );
  const child = run(['nginx', '-p', directory, '-c', file, '-e', join(directory, 'error.log')]);
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(url).catch(() => undefined))) {
    if (child.exitCode !== null) throw new Error('nginx did not start');
    await sleep(20);
  }
  return {
    name: 'nginx',
    url,
    pid: child.pid!,
    stop: () => {
      child.once('exit', () => rmSync(directory, { recursive: true }));
      child.kill('SIGTERM');
    },
  };
}

function run(command: string[], options = ''): ChildProcess {
  const [program, ...args] = pinned(SERVICE_CORES, command);
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...IMAGE_ENVIRONMENT, NODE_OPTIONS: options },
  });
}

/** A port of the loopback interface that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
