import { PACING, type Pacing } from '../config/pacing.js';

/** More would be an outage of hours under load; the rows in question expire in any case. */
const MAX_UNDOS = 10_000;

/**
 * Takes back writes that may or may not have happened, as soon as the store responds again.
 *
 * It lives in memory: if the process ends first, leases and retention do the rest.
 */
export class UnsettledWrites {
  private readonly undos: (() => Promise<unknown>)[] = [];
  private timer?: NodeJS.Timeout;
  private running?: Promise<void>;

  constructor(private readonly pacing: Pick<Pacing['store'], 'settleMs'> = PACING.store) {}

  /** @param undo may run several times, and throws when it has to be tried again */
  add(undo: () => Promise<unknown>): void {
    this.undos.push(undo);
    if (this.undos.length > MAX_UNDOS) this.undos.shift();
    this.timer ??= setInterval(() => void this.settle(), this.pacing.settleMs).unref();
  }

  /** Tries now what is left. Never throws. */
  settle(): Promise<void> {
    return (this.running ??= this.run().finally(() => (this.running = undefined)));
  }

  /** Tries what is left a last time. */
  async close(): Promise<void> {
    await this.settle();
    clearInterval(this.timer);
  }

  private async run(): Promise<void> {
    try {
      for (let undo = this.undos[0]; undo; undo = this.undos[0]) {
        await undo();
        // The cap may have dropped it in the meantime.
        if (this.undos[0] === undo) this.undos.shift();
      }
      clearInterval(this.timer);
      this.timer = undefined;
    } catch {
      // The store does not respond yet; the timer tries again.
    }
  }
}
