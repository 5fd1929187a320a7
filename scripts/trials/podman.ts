import { CommandLineEngine } from './command-line-engine.ts';

export class Podman extends CommandLineEngine {
  protected readonly network = 'podman';
  // Its default, OCI's format, has no place for HEALTHCHECK.
  protected override readonly buildOptions = ['--format=docker'];
  /** Undoes what only Podman does by default. */
  protected override readonly runOptions = [
    // File systems in memory over /tmp, /run and others.
    '--read-only-tmpfs=false',
    // More than the limits of this machine, which a root without CAP_SYS_RESOURCE, such as that of a container, may not raise.
    '--ulimit=nofile=4096:4096',
    '--ulimit=nproc=4096:4096',
  ];

  /** @param hasRunc whether runc is there: crun, Podman's choice, does not start where version 1 and 2 of cgroups are mounted */
  constructor(hasRunc: boolean) {
    super('podman', ...(hasRunc ? ['--runtime', 'runc'] : []));
  }

  /** Podman leaves the schedule to systemd, which does not run everywhere. */
  async isHealthy(container: string): Promise<boolean> {
    return (await this.outcome('healthcheck', 'run', container)).exitCode === 0;
  }
}
