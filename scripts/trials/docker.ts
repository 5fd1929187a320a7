import { setTimeout as sleep } from 'node:timers/promises';
import { CommandLineEngine } from './command-line-engine.ts';

export class Docker extends CommandLineEngine {
  protected readonly network = 'bridge';

  constructor() {
    super('docker');
  }

  /** The daemon runs the health check, at its interval. */
  async isHealthy(container: string): Promise<boolean> {
    for (;;) {
      const format = '{{if .State.Health}}{{.State.Health.Status}}{{end}}';
      const status = (await this.command('inspect', '--format', format, container)).trim();
      if (status !== 'starting') return status === 'healthy';
      await sleep(500);
    }
  }
}
