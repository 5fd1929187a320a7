import { setTimeout as delay } from 'node:timers/promises';
import { ProblemException } from '../problems/problem.exception.js';

/** Work that has to come to its end before the service may close the connections it needs. */
export class RunningTasks {
  private readonly running = new Set<Promise<unknown>>();
  private isDraining = false;

  /** @throws ProblemException SHUTTING_DOWN once `drain` was called */
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

  /** Lets no more work in, and waits for what runs, at most `ms` milliseconds. */
  async drain(ms: number): Promise<void> {
    this.isDraining = true;
    const end = delay(ms, 'over', { ref: false });
    while (this.running.size > 0) {
      if ((await Promise.race([Promise.allSettled(this.running), end])) === 'over') return;
    }
  }
}
