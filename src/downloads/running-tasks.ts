import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { ProblemException } from '../problems/problem.exception.js';

/**
 * Work that has to come to its end before the service closes the connections it needs: between a node in Alfresco and its
 * row, or its removal, neither may be closed, or the node would belong to no one.
 */
@Injectable()
export class RunningTasks implements BeforeApplicationShutdown {
  private readonly running = new Set<Promise<unknown>>();
  private isDraining = false;

  constructor(@Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'shutdown'>) {}

  /** @throws ProblemException SHUTTING_DOWN once the service is being stopped */
  run<T>(task: () => Promise<T>): Promise<T> {
    if (this.isDraining) throw new ProblemException('SHUTTING_DOWN');
    return this.add(task());
  }

  /** What comes of work that was let in is let in as well. */
  async add<T>(task: Promise<T>): Promise<T> {
    this.running.add(task);
    try {
      return await task;
    } finally {
      this.running.delete(task);
    }
  }

  /** Lets no more work in, and waits for what runs. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isDraining = true;
    const end = delay(this.pacing.shutdown.drainMs, 'over', { ref: false });
    while (this.running.size > 0) {
      if ((await Promise.race([Promise.allSettled(this.running), end])) === 'over') return;
    }
  }
}
