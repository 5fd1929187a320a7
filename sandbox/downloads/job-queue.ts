/** Runs jobs in the order in which they were added, a limited number at a time. */
export class JobQueue {
  readonly #limit: number;
  readonly #stop = new AbortController();
  readonly #waiting: ((signal: AbortSignal) => Promise<void>)[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a job. Its errors are ignored: Alfresco's action queue only logs them. */
  add(job: (signal: AbortSignal) => Promise<void>): void {
    this.#waiting.push(job);
    this.#startNext();
  }

  /** Discards the waiting jobs, aborts the running ones and waits until they have ended. */
  async close(): Promise<void> {
    this.#waiting.length = 0;
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #startNext(): void {
    if (this.#running.size >= this.#limit) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    const run = job(this.#stop.signal)
      .catch(() => {})
      .finally(() => {
        this.#running.delete(run);
        this.#startNext();
      });
    this.#running.add(run);
  }
}
