/** Counts the connections that are kept open, so that some are left for everything else. */
export class HeldConnections {
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Takes one, if there is one, and returns what gives it back. */
  take(): (() => void) | undefined {
    if (this.#free <= 0) return undefined;
    this.#free -= 1;
    return () => {
      this.#free += 1;
    };
  }
}
