import { outcomeOf, type Outcome, run, succeeds } from './command.ts';

/** Undoes what only Podman does by default. */
const PODMAN_ARGUMENTS = [
  // File systems in memory over /tmp, /run and others.
  '--read-only-tmpfs=false',
  // More than the limits of this machine, which a root without CAP_SYS_RESOURCE, such as that of a container, may not raise.
  '--ulimit=nofile=4096:4096',
  '--ulimit=nproc=4096:4096',
];

/** No container engine can be used here. */
export class NoEngineError extends Error {}

/** Of a container that one of the engines runs: what deploy/README.md says, and what belongs to the trial. */
export interface RunOptions {
  readonly name?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `source:folder`, with `:ro` where nothing may be written. */
  readonly volumes: readonly string[];
}

/** Docker or Podman by their command line, which is the same for nearly everything that is needed here. */
export class ContainerEngine {
  readonly #program: 'docker' | 'podman';
  readonly #globalOptions: readonly string[];

  private constructor(program: 'docker' | 'podman', globalOptions: readonly string[] = []) {
    this.#program = program;
    this.#globalOptions = globalOptions;
  }

  /** @throws NoEngineError with what to install */
  static async find(): Promise<ContainerEngine> {
    // A client alone is not enough: `info` asks the daemon.
    if (await succeeds('docker', ['info'])) return new ContainerEngine('docker');
    if (await succeeds('podman', ['info'])) {
      // crun, Podman's choice, does not start where version 1 and 2 of cgroups are mounted.
      const hasRunc = await succeeds('runc', ['--version']);
      return new ContainerEngine('podman', hasRunc ? ['--runtime', 'runc'] : []);
    }
    throw new NoEngineError(
      'Neither Docker (with its daemon) nor Podman can be used here. Install one of them, such as: apt-get install podman runc',
    );
  }

  get description(): string {
    return [this.#program, ...this.#globalOptions].join(' ');
  }

  get #isPodman(): boolean {
    return this.#program === 'podman';
  }

  /** @throws Error with the output of a failed command */
  command(...args: string[]): Promise<string> {
    return run(this.#program, [...this.#globalOptions, ...args]);
  }

  outcome(...args: string[]): Promise<Outcome> {
    return outcomeOf(this.#program, [...this.#globalOptions, ...args]);
  }

  /** Builds the Dockerfile of this repository. */
  async build(image: string, base: string): Promise<void> {
    // The default of Podman and Buildah, OCI's format, has no place for HEALTHCHECK.
    const format = this.#isPodman ? ['--format', 'docker'] : [];
    const network = ['--network', 'host'];
    const argument = ['--build-arg', `NODE_IMAGE=${base}`];
    await this.command('build', ...format, ...network, ...argument, '--tag', image, '.');
  }

  /** The arguments of `run` that take everything from a container that it does not need. */
  runArguments(image: string, { name, environment, volumes }: RunOptions): string[] {
    return [
      'run',
      '--read-only',
      ...(this.#isPodman ? PODMAN_ARGUMENTS : []),
      '--cap-drop=ALL',
      '--security-opt=no-new-privileges',
      // To the stand-in, which listens only here.
      '--network=host',
      ...(name === undefined ? ['--rm'] : ['--detach', `--name=${name}`]),
      ...Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`),
      ...volumes.map((volume) => `--volume=${volume}`),
      image,
    ];
  }

  /** Bytes of all layers, unpacked. */
  async size(image: string): Promise<number> {
    return Number(await this.command('image', 'inspect', '--format', '{{.Size}}', image));
  }

  /** Waits for the first verdict of the image's health check. */
  async isHealthy(container: string): Promise<boolean> {
    // Podman leaves the schedule to systemd, which does not run everywhere.
    if (this.#isPodman) return (await this.outcome('healthcheck', 'run', container)).exitCode === 0;
    for (;;) {
      const format = '{{.State.Health.Status}}';
      const status = (await this.command('inspect', '--format', format, container)).trim();
      if (status !== 'starting') return status === 'healthy';
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
