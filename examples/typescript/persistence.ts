import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadsError } from './downloads-error.ts';

const LONGEST_PAUSE_MS = 5_000;

/** How long to go on trying, and what ends it sooner. */
export interface Persistence {
  readonly forMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Does something again while the service cannot be reached or says that it cannot just now. Only for what may be done
 * twice: with an `Idempotency-Key`, that is everything here.
 */
export async function persistently<T>(
  work: () => Promise<T>,
  { forMs, signal }: Persistence,
): Promise<T> {
  const deadline = Date.now() + forMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted || !isPassing(error) || Date.now() > deadline) throw error;
      const retryAfterMs = error instanceof DownloadsError ? error.retryAfterMs : undefined;
      await sleep(retryAfterMs ?? pauseMs, undefined, { signal });
    }
  }
}

/** `fetch` throws a TypeError when no response came, and when one broke off. */
function isPassing(error: unknown): boolean {
  return error instanceof DownloadsError ? error.isPassing : error instanceof TypeError;
}
