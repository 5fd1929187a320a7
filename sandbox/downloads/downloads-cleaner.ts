import type { Downloads } from './downloads.ts';
import type { Settings } from '../options.ts';

/** Node.js fires a timer with a longer delay at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** DownloadsCleanupJob: deletes downloads some time after their last change, in any state. */
export class DownloadsCleaner {
  readonly #downloads: Downloads;
  readonly #settings: Settings['cleaner'];
  #timer: NodeJS.Timeout;

  constructor(downloads: Downloads, settings: Settings['cleaner']) {
    this.#downloads = downloads;
    this.#settings = settings;
    this.#timer = this.#runIn(settings.startDelayMs);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#downloads.deleteUnchangedSince(new Date(Date.now() - this.#settings.maxAgeMs));
    this.#timer = this.#runIn(this.#settings.repeatIntervalMs);
  }

  #runIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#run(), Math.min(ms, LONGEST_TIMEOUT_MS));
  }
}
