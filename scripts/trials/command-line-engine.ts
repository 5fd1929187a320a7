import { outcomeOf, type Outcome, run } from './command.ts';
import type {
  Container,
  ContainerEngine,
  ContainerOptions,
  Environment,
} from './container-engine.ts';

/** Docker and Podman by their command line, which is the same for nearly everything that is needed here. */
export abstract class CommandLineEngine implements ContainerEngine {
  readonly #command: readonly [string, ...string[]];
  /** The network of a container that names none. */
  protected abstract readonly network: string;
  protected readonly buildOptions: readonly string[] = [];
  protected readonly runOptions: readonly string[] = [];

  /** @param command the program, and the options before its own commands */
  protected constructor(...command: [string, ...string[]]) {
    this.#command = command;
  }

  abstract isHealthy(container: string): Promise<boolean>;

  get description(): string {
    return this.#command.join(' ');
  }

  /** @throws Error with the output of a failed command */
  command(...args: string[]): Promise<string> {
    const [program, ...options] = this.#command;
    return run(program, [...options, ...args]);
  }

  outcome(...args: string[]): Promise<Outcome> {
    const [program, ...options] = this.#command;
    return outcomeOf(program, [...options, ...args]);
  }

  pull(image: string): Promise<Outcome> {
    return this.outcome('pull', image);
  }

  async importFiles(archive: string, image: string, environment: Environment): Promise<void> {
    const variables = Object.entries(environment).map(([key, value]) => `ENV ${key}=${value}`);
    const changes = variables.flatMap((variable) => ['--change', variable]);
    await this.command('import', ...changes, archive, image);
  }

  async build(image: string, base: string): Promise<void> {
    const argument = ['--build-arg', `NODE_IMAGE=${base}`];
    const options = [...this.buildOptions, '--network=host', ...argument, '--tag', image];
    await this.command('build', ...options, '.');
  }

  async size(image: string): Promise<number> {
    return Number(await this.command('image', 'inspect', '--format', '{{.Size}}', image));
  }

  async publishes(): Promise<boolean> {
    return (await this.outcome('network', 'inspect', this.network)).exitCode === 0;
  }

  async start(image: string, options: ContainerOptions): Promise<Container> {
    const { name, environment, volume, mount, published } = options;
    const container = new NamedContainer(this, name);
    try {
      await this.command(
        'run',
        '--detach',
        `--name=${name}`,
        '--read-only',
        '--cap-drop=ALL',
        '--security-opt=no-new-privileges',
        ...this.runOptions,
        published ? `--publish=127.0.0.1:${published.port}:${published.to}` : '--network=host',
        ...Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`),
        `--volume=${name}:${volume}`,
        `--volume=${mount.source}:${mount.folder}:ro`,
        image,
      );
    } catch (error) {
      await container.remove();
      throw error;
    }
    return container;
  }
}

class NamedContainer implements Container {
  readonly #engine: CommandLineEngine;
  readonly #name: string;

  constructor(engine: CommandLineEngine, name: string) {
    this.#engine = engine;
    this.#name = name;
  }

  exec(...command: string[]): Promise<Outcome> {
    return this.#engine.outcome('exec', this.#name, ...command);
  }

  isHealthy(): Promise<boolean> {
    return this.#engine.isHealthy(this.#name);
  }

  async sendTerm(): Promise<void> {
    await this.#engine.command('kill', '--signal=TERM', this.#name);
  }

  async exitCode(): Promise<number> {
    return Number(await this.#engine.command('wait', this.#name));
  }

  async log(): Promise<string> {
    const { stdout, stderr } = await this.#engine.outcome('logs', this.#name);
    return stdout + stderr;
  }

  async remove(): Promise<void> {
    await this.#engine.outcome('rm', '--force', this.#name);
    await this.#engine.outcome('volume', 'rm', this.#name);
  }
}
