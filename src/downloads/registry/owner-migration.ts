import { setTimeout as sleep } from 'node:timers/promises';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { ProblemException } from '../../problems/problem.exception.js';
import type { DownloadRegistry } from './download-registry.js';

/** Milliseconds until another attempt, while the store does not respond. */
const PAUSE_MS = 5000;

/** How the ids of callers with tokens began until version 0.1.0; from then on, as `callerIdAt` has it. */
export const FORMER_PREFIX = 'bearer:';

/**
 * Gives the downloads of callers with tokens to the same callers under their new ids, once after the start. The store need
 * not be there yet. What a process of the former version writes meanwhile is found by the next start.
 */
export class OwnerMigration implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Registry');
  private readonly stopped = new AbortController();

  /** @param prefix of the new ids */
  constructor(
    private readonly registry: DownloadRegistry,
    private readonly prefix: string,
  ) {}

  onApplicationBootstrap(): void {
    void this.run();
  }

  onApplicationShutdown(): void {
    this.stopped.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        return await this.registry.renameOwners(FORMER_PREFIX, this.prefix);
      } catch (error) {
        if (!(error instanceof ProblemException)) {
          this.logger.error(`owners keep their former ids: ${String(error)}`);
          return;
        }
      }
      await sleep(PAUSE_MS, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}
