import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import { SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import type { Outcome } from './command.ts';
import type { ContainerEngine, RunOptions } from './container-engine.ts';
import { becomesReady, freePort } from './listening.ts';

const START_MS = 30_000;
const DATA = '/app/data';
const SECRETS = '/run/secrets';

/** What a trial needs besides the container. */
interface Surroundings {
  readonly authorization: string;
  readonly sandbox: Sandbox;
  /** A temporary folder, with the secrets. */
  readonly directory: string;
  readonly port: number;
}

/** The service in a container, as in deploy/README.md, in front of a stand-in for Alfresco on this machine. */
export class TrialContainer {
  readonly engine: ContainerEngine;
  readonly image: string;
  /** The value of the header for the caller alice. */
  readonly authorization: string;
  readonly #sandbox: Sandbox;
  readonly #directory: string;
  readonly #port: number;
  readonly #name = `alfresco-downloads-bff-try-${process.pid}`;

  private constructor(
    engine: ContainerEngine,
    image: string,
    { authorization, sandbox, directory, port }: Surroundings,
  ) {
    this.engine = engine;
    this.image = image;
    this.authorization = authorization;
    this.#sandbox = sandbox;
    this.#directory = directory;
    this.#port = port;
  }

  /** @throws Error with the log of a container that does not listen */
  static async start(engine: ContainerEngine, image: string): Promise<TrialContainer> {
    const directory = await mkdtemp(join(tmpdir(), 'image-try-'));
    const password = randomBytes(12).toString('hex');
    await writeSecrets(join(directory, 'secrets'), password);
    const authorization = `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`;
    const sandbox = await startSandbox();
    const port = await freePort();
    const trial = new TrialContainer(engine, image, {
      authorization,
      sandbox,
      directory,
      port,
    });
    try {
      const options = { ...trial.#options(), name: trial.#name };
      await engine.command(...engine.runArguments(image, options));
      await trial.#untilItListens();
      return trial;
    } catch (error) {
      await trial.remove();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Runs Node.js in the container. */
  node(...args: string[]): Promise<Outcome> {
    return this.engine.outcome('exec', this.#name, 'node', ...args);
  }

  isHealthy(): Promise<boolean> {
    return this.engine.isHealthy(this.#name);
  }

  /** Sends SIGTERM. @returns the exit code of the service */
  async terminate(): Promise<number> {
    await this.engine.command('kill', '--signal=TERM', this.#name);
    return Number(await this.engine.command('wait', this.#name));
  }

  /** Starts another container of the image with a variable changed. @returns how it ends */
  startWith(variables: Readonly<Record<string, string>>): Promise<Outcome> {
    const { environment, volumes } = this.#options();
    const options = { environment: { ...environment, ...variables }, volumes };
    return this.engine.outcome(...this.engine.runArguments(this.image, options));
  }

  async remove(): Promise<void> {
    await this.engine.outcome('rm', '--force', this.#name);
    await this.engine.outcome('volume', 'rm', this.#name);
    await this.#sandbox.close();
    await rm(this.#directory, { recursive: true });
  }

  #options(): Pick<RunOptions, 'environment' | 'volumes'> {
    return {
      environment: {
        // Of the machine, since the container has no network of its own.
        HOST: '127.0.0.1',
        PORT: String(this.#port),
        ALFRESCO_URL: this.#sandbox.url,
        ALFRESCO_USERNAME_FILE: `${SECRETS}/alfresco_username`,
        ALFRESCO_PASSWORD_FILE: `${SECRETS}/alfresco_password`,
        USERS_FILE: `${SECRETS}/users.htpasswd`,
        LINK_SECRET_FILE: `${SECRETS}/link_secret`,
      },
      volumes: [`${this.#name}:${DATA}`, `${this.#directory}/secrets:${SECRETS}:ro`],
    };
  }

  async #untilItListens(): Promise<void> {
    const isLive = async () => {
      const response = await fetch(`${this.url}/health/live`).catch(() => undefined);
      return response?.ok ?? false;
    };
    if (await becomesReady(START_MS, isLive)) return;
    const { stdout, stderr } = await this.engine.outcome('logs', this.#name);
    throw new Error(`The container does not listen:\n${stdout}${stderr}`);
  }
}

/** Writes the files that deploy/README.md tells the operator to make, for user 1000 of the container to read. */
async function writeSecrets(folder: string, password: string): Promise<void> {
  const [account] = SAMPLE_USERS;
  await mkdir(folder);
  const files = {
    alfresco_username: account?.id ?? '',
    alfresco_password: account?.password ?? '',
    'users.htpasswd': `alice:${await bcrypt.hash(password, 12)}`,
    link_secret: randomBytes(32).toString('hex'),
  };
  // Of an account and a caller that end with this trial; their folder above is private.
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text, { mode: 0o644 });
  }
}
