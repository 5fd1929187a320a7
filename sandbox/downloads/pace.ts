import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_WAIT_MS = 50;

/**
 * Keeps a flow of bytes at a rate. The rate is asked for again every 50 ms, so that it may change under way;
 * undefined is unlimited, 0 stands still.
 */
export class Pace {
  readonly #rate: () => number | undefined;
  readonly #signal: AbortSignal;
  #owed = 0;
  #paidAt = performance.now();

  /**
   * @param rate bytes per second now
   * @param signal ends a wait with its reason
   */
  constructor(rate: () => number | undefined, signal: AbortSignal) {
    this.#rate = rate;
    this.#signal = signal;
  }

  /** Waits until the given bytes, already sent, are paid for with time. */
  async spend(bytes: number): Promise<void> {
    this.#owed += bytes;
    for (;;) {
      const rate = this.#pay();
      if (rate === undefined || this.#owed <= 0) return;
      const wait =
        rate > 0 ? Math.min(LONGEST_WAIT_MS, (this.#owed / rate) * 1000) : LONGEST_WAIT_MS;
      await sleep(Math.max(1, wait), undefined, { signal: this.#signal });
    }
  }

  #pay(): number | undefined {
    const now = performance.now();
    const rate = this.#rate();
    const paid = rate === undefined ? this.#owed : ((now - this.#paidAt) / 1000) * rate;
    // Time in which nothing was owed is not saved up: a pause must not end in a burst.
    this.#owed = Math.max(this.#owed - paid, 0);
    this.#paidAt = now;
    return rate;
  }
}
