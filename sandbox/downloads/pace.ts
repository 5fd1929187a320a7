import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_WAIT_MS = 50;

/**
 * Limits a flow of bytes to a rate, which is read again every 50 ms so that it can change meanwhile;
 * undefined is unlimited, 0 holds the flow.
 */
export class Pace {
  readonly #rate: () => number | undefined;
  readonly #signal: AbortSignal;
  #owed = 0;
  #paidAt = performance.now();

  /**
   * @param rate current bytes per second
   * @param signal rejects a wait with its reason
   */
  constructor(rate: () => number | undefined, signal: AbortSignal) {
    this.#rate = rate;
    this.#signal = signal;
  }

  /** Waits for as long as the given bytes, already sent, take at the rate. */
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
    // Idle time earns no credit: a pause must not end in a burst.
    this.#owed = Math.max(this.#owed - paid, 0);
    this.#paidAt = now;
    return rate;
  }
}
