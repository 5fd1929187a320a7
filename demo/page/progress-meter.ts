import { type Download, type DownloadProgress, isRunning } from './download-event.ts';

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** The speed is that of the last so many milliseconds. */
const WINDOW_MS = 10_000;

/** Knows how fast a download moves, and since when it does not, from looking at it again and again. */
export class ProgressMeter {
  #samples: Sample[] = [];
  #last: Download | undefined;
  #changedAt = 0;

  /** Milliseconds of the epoch when the download was first seen as it is. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** Whether this differs from what was seen before. */
  see(entry: Download, now: number): boolean {
    const isChanged = !this.#last || !isSame(entry, this.#last);
    if (!isChanged) return false;
    this.#last = entry;
    this.#changedAt = now;
    // Alfresco counts in steps of ten megabytes and more: only where it has moved is a place to measure from.
    this.#samples.push({ at: now, bytes: entry.bytesAdded });
    while (this.#samples.length > 2 && this.#samples[0]!.at < now - WINDOW_MS) {
      this.#samples.shift();
    }
    return true;
  }

  /** How far this download is. */
  progressOf(entry: Download): DownloadProgress {
    const bytesPerSecond = isRunning(entry) ? this.#speed() : undefined;
    return {
      entry,
      percent: percentOf(entry),
      ...(bytesPerSecond && {
        bytesPerSecond,
        remainingSeconds: Math.ceil((entry.totalBytes - entry.bytesAdded) / bytesPerSecond),
      }),
    };
  }

  /** Bytes per second; `undefined` until it has moved. */
  #speed(): number | undefined {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || !last || last.at <= first.at || last.bytes <= first.bytes) return undefined;
    return Math.round(((last.bytes - first.bytes) * 1000) / (last.at - first.at));
  }
}

function isSame(one: Download, other: Download): boolean {
  return (
    one.status === other.status &&
    one.filesAdded === other.filesAdded &&
    one.totalFiles === other.totalFiles &&
    one.bytesAdded === other.bytesAdded &&
    one.totalBytes === other.totalBytes
  );
}

/** As the service counts: to one decimal place, and the whole only when it is done. */
function percentOf({ status, bytesAdded, totalBytes }: Download): number {
  if (status === 'DONE') return 100;
  // The bytes are those of the limit, not of any ZIP.
  if (status === 'MAX_CONTENT_SIZE_EXCEEDED' || totalBytes === 0) return 0;
  return Math.min(99.9, Math.floor((1000 * bytesAdded) / totalBytes) / 10);
}
