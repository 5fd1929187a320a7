import { type Download, type DownloadProgress, isRunning } from './download-event.ts';

interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** The speed is measured over this many milliseconds. */
const WINDOW_MS = 10_000;

/** Derives the speed of a download, and the time of its last change, from successive states. */
export class ProgressMeter {
  #samples: Sample[] = [];
  #last: Download | undefined;
  #changedAt = 0;

  /** When the current state was first seen, in milliseconds since the epoch. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** Records a state, and returns whether it differs from the last. */
  update(entry: Download, now: number): boolean {
    const isChanged = !this.#last || !isSame(entry, this.#last);
    if (!isChanged) return false;
    this.#last = entry;
    this.#changedAt = now;
    // Alfresco counts in steps of ten megabytes and more, so that only changes are useful for measuring.
    this.#samples.push({ at: now, bytes: entry.bytesAdded });
    while (this.#samples.length > 2 && this.#samples[0]!.at < now - WINDOW_MS) {
      this.#samples.shift();
    }
    return true;
  }

  /** The progress of a download in this state. */
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

  /** Bytes per second; `undefined` until there was a change. */
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

/** The percentage, rounded like the service's: to one decimal place, and 100 only when it is done. */
export function percentOf({ status, bytesAdded, totalBytes }: Download): number {
  if (status === 'DONE') return 100;
  // The bytes are the limit, not those of a ZIP.
  if (status === 'MAX_CONTENT_SIZE_EXCEEDED' || totalBytes === 0) return 0;
  return Math.min(99.9, Math.floor((1000 * bytesAdded) / totalBytes) / 10);
}
