import { setTimeout as sleep } from 'node:timers/promises';
import { DownloadsProblem, ServiceUnreachable } from 'alfresco-downloads-client';

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
      const retryAfterMs = error instanceof DownloadsProblem ? error.retryAfterMs : undefined;
      await sleep(retryAfterMs ?? pauseMs, undefined, { signal });
    }
  }
}

/** A response may not arrive, or break off while its body is read: `fetch` throws a TypeError then. */
function isTemporary(error: unknown): boolean {
  if (!(error instanceof DownloadsProblem)) {
    return error instanceof ServiceUnreachable || error instanceof TypeError;
  }
  // An earlier attempt, whose response was lost, is still being processed.
  return error.isTemporary || error.problem.code === 'IDEMPOTENCY_KEY_IN_USE';
}
