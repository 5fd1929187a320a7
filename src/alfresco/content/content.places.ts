import type { AlfrescoConfig } from '../../config/app.config.js';
import { unavailable } from '../upstream/transport-failure.js';

/** Of the connections to Alfresco, this much may carry ZIPs at a time. The rest is for calls that are answered in no time. */
const SHARE = 0.75;
/** How many of so many connections; one of a single connection cannot be kept free. */
export function placesOf(maxConnections: number): number {
  return Math.max(1, Math.floor(maxConnections * SHARE));
}

/** How soon a place may be free is anybody's guess: a ZIP takes seconds or hours. */
const RETRY_AFTER_SECONDS = 5;

/** Gives a place back. May be called again. */
export type Release = () => void;

/**
 * Places for running transfers, so that ZIPs cannot take all connections from the calls that look at downloads.
 *
 * Not cockatiel's bulkhead: who waits there cannot be made to leave, and one who has left still stands in its queue until a
 * place is free, which may take hours.
 */
export class ContentPlaces {
  readonly size: number;
  private taken = 0;
  /** In the order in which they came; each takes over a place that is counted as taken already. */
  private readonly queue = new Set<() => void>();

  constructor(private readonly config: Pick<AlfrescoConfig, 'maxConnections' | 'timeoutMs'>) {
    this.size = placesOf(config.maxConnections);
  }

  /** Places now taken. */
  get held(): number {
    return this.taken;
  }

  /** Transfers that wait for one. */
  get waiting(): number {
    return this.queue.size;
  }

  /**
   * Takes a place, after a wait if there is none.
   * @throws ProblemException ALFRESCO_UNAVAILABLE with Retry-After when none gets free in time
   * @throws whatever `caller` was aborted with
   */
  async take(caller: AbortSignal): Promise<Release> {
    caller.throwIfAborted();
    if (this.taken < this.size) this.taken += 1;
    else await this.turn(caller);
    return this.createRelease();
  }

  private turn(caller: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.queue.delete(proceed);
        clearTimeout(timer);
        caller.removeEventListener('abort', giveUp);
      };
      const proceed = () => {
        leave();
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(caller.reason as Error);
      };
      const timer = setTimeout(() => {
        leave();
        reject(unavailable(RETRY_AFTER_SECONDS, 'all places for content are taken'));
      }, this.config.timeoutMs);
      caller.addEventListener('abort', giveUp);
      this.queue.add(proceed);
    });
  }

  private createRelease(): Release {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const [next] = this.queue;
      if (next) next();
      else this.taken -= 1;
    };
  }
}
