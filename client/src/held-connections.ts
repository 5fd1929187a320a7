/** Limits the connections that are kept open, so that some are left for other requests. */
export class HeldConnections {
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Reserves a connection, if one is left, and returns a function that releases it. */
  acquire(): (() => void) | undefined {
    if (this.#free <= 0) return undefined;
    this.#free -= 1;
    return () => {
      this.#free += 1;
    };
  }
}
