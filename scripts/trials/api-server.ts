import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outcomeOf, type Outcome, run, succeeds } from './command.ts';
import type { Kubernetes } from './kubernetes-build.ts';
import { becomesReady, freePort } from './listening.ts';

const START_MS = 60_000;

/** A Kubernetes API server with a store of its own, and nothing else of a cluster: what it accepts is not run. */
export class ApiServer {
  readonly kubernetes: Kubernetes;
  readonly #directory: string;
  readonly #token = randomBytes(16).toString('hex');
  readonly #processes: ChildProcess[] = [];
  #url = '';

  private constructor(kubernetes: Kubernetes, directory: string) {
    this.kubernetes = kubernetes;
    this.#directory = directory;
  }

  /** @throws Error if it is not ready in a minute */
  static async start(kubernetes: Kubernetes): Promise<ApiServer> {
    const directory = await mkdtemp(join(tmpdir(), 'kubernetes-try-'));
    const server = new ApiServer(kubernetes, directory);
    try {
      await server.#start();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Runs kubectl as an administrator. */
  kubectl(...args: string[]): Promise<Outcome> {
    return outcomeOf('kubectl', [...this.#connection, ...args]);
  }

  async stop(): Promise<void> {
    for (const child of this.#processes.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, 'exit');
    }
    await rm(this.#directory, { recursive: true });
  }

  get #connection(): string[] {
    const certificate = join(this.#directory, 'apiserver.crt');
    const cache = join(this.#directory, 'cache');
    return [
      `--server=${this.#url}`,
      `--certificate-authority=${certificate}`,
      `--token=${this.#token}`,
      `--cache-dir=${cache}`,
    ];
  }

  async #start(): Promise<void> {
    const directory = this.#directory;
    const store = `http://127.0.0.1:${await freePort()}`;
    const peers = `http://127.0.0.1:${await freePort()}`;
    const port = await freePort();
    this.#url = `https://127.0.0.1:${port}`;
    const key = join(directory, 'accounts.key');
    await run('openssl', ['genrsa', '-out', key, '2048']);
    const tokens = join(directory, 'tokens.csv');
    await writeFile(tokens, `${this.#token},administrator,1,"system:masters"\n`, { mode: 0o600 });
    this.#spawn(this.kubernetes.etcd, [
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=${store}`,
      `--advertise-client-urls=${store}`,
      `--listen-peer-urls=${peers}`,
    ]);
    this.#spawn(this.kubernetes.apiServer, [
      `--etcd-servers=${store}`,
      `--cert-dir=${directory}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--token-auth-file=${tokens}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      '--service-cluster-ip-range=10.0.0.0/24',
    ]);
    const ready = [...this.#connection, 'get', '--raw=/readyz'];
    const isReady = await becomesReady(START_MS, () => succeeds('kubectl', ready));
    if (!isReady) throw new Error('The API server is not ready after a minute.');
  }

  #spawn(program: string, args: readonly string[]): void {
    this.#processes.push(spawn(program, args, { stdio: 'ignore' }));
  }
}
