import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadsError } from './downloads-error.ts';

const LONGEST_PAUSE_MS = 5_000;

/** How long to retry, and a signal to stop earlier. */
export interface Persistence {
  readonly forMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Retries while the service is unreachable or reports a temporary problem. Only for requests that may be repeated; with
 * an `Idempotency-Key`, that is every request here.
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
      if (signal?.aborted || !isTemporary(error) || Date.now() > deadline) throw error;
      const retryAfterMs = error instanceof DownloadsError ? error.retryAfterMs : undefined;
      await sleep(retryAfterMs ?? pauseMs, undefined, { signal });
    }
  }
}

/** `fetch` throws a TypeError if no response arrives, or if one breaks off. */
function isTemporary(error: unknown): boolean {
  return error instanceof DownloadsError ? error.isTemporary : error instanceof TypeError;
}
