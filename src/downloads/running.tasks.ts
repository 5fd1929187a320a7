import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { ProblemException } from '../problems/problem.exception.js';

/** Work that has to come to its end before the service may close the connections it needs. */
export class RunningTasks {
  private readonly running = new Set<Promise<unknown>>();
  private isDraining = false;

  /** @throws ProblemException SHUTTING_DOWN once `drain` was called */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.isDraining) throw new ProblemException('SHUTTING_DOWN');
    const result = task();
    this.running.add(result);
    try {
      return await result;
    } finally {
      this.running.delete(result);
    }
  }

  /** Takes no more work, and waits for what runs, at most `ms` milliseconds. */
  async drain(ms: number): Promise<void> {
    this.isDraining = true;
    const drained = Promise.allSettled(this.running);
    await Promise.race([drained, delay(ms, undefined, { ref: false })]);
    // The answers are on their way only after this turn.
    await setImmediate();
  }
}
