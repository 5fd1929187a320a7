import { setTimeout as delay } from 'node:timers/promises';
import { isBusy, sqliteProblem } from './sqlite-failure.js';

/**
 * Tries again while another process holds the lock, with turns of the event loop in between.
 * @param deadline by the monotonic clock
 * @throws ProblemException STORE_UNAVAILABLE
 */
export async function unlessBusy<T>(work: () => T, deadline: number): Promise<T> {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw sqliteProblem(error);
      // Not all at the same moment again.
      await delay(1 + Math.random() * 10);
    }
  }
}
