import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { ProblemException } from '../problems/problem.exception.js';

/**
 * Work that has to end before the service closes its connections. Between the creation of a node in Alfresco and its row in
 * the registry, or its removal, both are needed: otherwise the node would belong to nobody.
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

  /** For work that follows from a task: it is accepted during shutdown, too. */
  async add<T>(task: Promise<T>): Promise<T> {
    this.running.add(task);
    try {
      return await task;
    } finally {
      this.running.delete(task);
    }
  }

  /** Accepts no new tasks, and waits for the running ones, at most `drainMs`. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isDraining = true;
    const end = delay(this.pacing.shutdown.drainMs, 'over', { ref: false });
    while (this.running.size > 0) {
      if ((await Promise.race([Promise.allSettled(this.running), end])) === 'over') return;
    }
  }
}
