/** Milliseconds after which a measurement counts for about a third of what it did. */
const MEMORY_MS = 3000;

/** How fast source bytes go into a ZIP. Smoothed, since Alfresco reports them in steps of up to 10 MB. */
export class Throughput {
  private last?: { readonly bytes: number; readonly at: number };
  private smoothed?: number;

  /** Bytes a second; `undefined` until two reports are known. */
  get bytesPerSecond(): number | undefined {
    return this.smoothed;
  }

  /** @param at milliseconds of any clock that never goes back */
  add(bytes: number, at: number): void {
    const { last } = this;
    if (last && (at <= last.at || bytes < last.bytes)) return;
    this.last = { bytes, at };
    if (!last) return;
    const elapsedMs = at - last.at;
    const rate = ((bytes - last.bytes) * 1000) / elapsedMs;
    const weight = 1 - Math.exp(-elapsedMs / MEMORY_MS);
    this.smoothed =
      this.smoothed === undefined ? rate : this.smoothed + weight * (rate - this.smoothed);
  }
}
