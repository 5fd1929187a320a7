import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bcrypt from 'bcrypt';
import { SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import type { Outcome } from './command.ts';
import type {
  Container,
  ContainerEngine,
  ContainerOptions,
  Environment,
} from './container-engine.ts';
import { becomesReady, freePort } from './listening.ts';

const START_MS = 30_000;
/** Where the service of the image listens by default. */
const PORT_OF_IMAGE = 3000;
const SECRETS = '/run/secrets';

/** What a trial needs besides the container. */
interface Surroundings {
  /** The value of the header for the caller alice. */
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
  readonly #surroundings: Surroundings;
  #container: Container | undefined;
  readonly #others = new Set<Container>();
  #removal: Promise<void> | undefined;

  private constructor(engine: ContainerEngine, image: string, surroundings: Surroundings) {
    this.engine = engine;
    this.image = image;
    this.#surroundings = surroundings;
  }

  /** Makes all that the container needs. */
  static async prepare(engine: ContainerEngine, image: string): Promise<TrialContainer> {
    const directory = await mkdtemp(join(tmpdir(), 'image-try-'));
    const password = randomBytes(12).toString('hex');
    await writeSecrets(join(directory, 'secrets'), password);
    const authorization = `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`;
    const sandbox = await startSandbox();
    const port = await freePort();
    return new TrialContainer(engine, image, { authorization, sandbox, directory, port });
  }

  /** @throws Error with the log of a container that does not listen */
  async start(): Promise<void> {
    // On the network of this machine: the stand-in listens only there, and a firewall may keep other networks from it.
    const port = String(this.#surroundings.port);
    const environment = { ...this.#environment, HOST: '127.0.0.1', PORT: port };
    this.#container = await this.engine.start(this.image, this.#options('', environment));
    await untilItListens(this.url, this.#container);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#surroundings.port}`;
  }

  get authorization(): string {
    return this.#surroundings.authorization;
  }

  /** Runs Node.js in the container. */
  node(...args: string[]): Promise<Outcome> {
    return this.#container!.exec('node', ...args);
  }

  isHealthy(): Promise<boolean> {
    return this.#container!.isHealthy();
  }

  /** Sends SIGTERM. @returns the exit code of the service */
  async terminate(): Promise<number> {
    await this.#container!.sendTerm();
    return this.#container!.exitCode();
  }

  /** Starts another container of the image with a variable changed. @returns its exit code */
  startWith(variables: Environment): Promise<number> {
    const options = this.#options('-other', { ...this.#environment, ...variables });
    return this.#whileRunning(options, (container) => container.exitCode());
  }

  /** Starts another container, which listens where the image says, on a network of its own. @returns the status at its published port */
  async startPublished(path: string): Promise<number> {
    const port = await freePort();
    const options = this.#options('-published', this.#environment);
    const published = { port, to: PORT_OF_IMAGE };
    return this.#whileRunning({ ...options, published }, async (container) => {
      const url = `http://127.0.0.1:${port}`;
      await untilItListens(url, container);
      return (await fetch(url + path)).status;
    });
  }

  /** Removes all of it; called again, waits for that. */
  remove(): Promise<void> {
    this.#removal ??= this.#removeAll();
    return this.#removal;
  }

  async #removeAll(): Promise<void> {
    for (const container of this.#others) await container.remove();
    await this.#container?.remove();
    const { sandbox, directory } = this.#surroundings;
    await sandbox.close();
    await rm(directory, { recursive: true });
  }

  async #whileRunning<T>(
    options: ContainerOptions,
    use: (container: Container) => Promise<T>,
  ): Promise<T> {
    const container = await this.engine.start(this.image, options);
    this.#others.add(container);
    try {
      return await use(container);
    } finally {
      this.#others.delete(container);
      await container.remove();
    }
  }

  #options(suffix: string, environment: Environment): ContainerOptions {
    return {
      name: `alfresco-downloads-bff-try-${process.pid}${suffix}`,
      environment,
      volume: '/app/data',
      mount: { source: join(this.#surroundings.directory, 'secrets'), folder: SECRETS },
    };
  }

  get #environment(): Environment {
    return {
      ALFRESCO_URL: this.#surroundings.sandbox.url,
      ALFRESCO_USERNAME_FILE: `${SECRETS}/alfresco_username`,
      ALFRESCO_PASSWORD_FILE: `${SECRETS}/alfresco_password`,
      USERS_FILE: `${SECRETS}/users.htpasswd`,
      LINK_SECRET_FILE: `${SECRETS}/link_secret`,
    };
  }
}

/** @throws Error with the log of a container that does not listen */
async function untilItListens(url: string, container: Container): Promise<void> {
  const isLive = async () => {
    const response = await fetch(`${url}/health/live`).catch(() => undefined);
    return response?.ok ?? false;
  };
  if (await becomesReady(START_MS, isLive)) return;
  throw new Error(`The container does not listen:\n${await container.log()}`);
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
