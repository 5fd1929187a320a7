import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';

/** The status that the thread reads repeatedly. */
export interface WatchedStatus {
  readonly url: string;
  readonly authorization: string;
}

/*
 * Reads the status of a download from `start` until `stop`, then posts the response times in milliseconds. In a thread of
 * its own, so that delays caused by the load of this process do not count as the service's.
 */
const { url, authorization } = workerData as WatchedStatus;
let watching = new AbortController();

async function watch(signal: AbortSignal): Promise<void> {
  const waits: number[] = [];
  while (!signal.aborted) {
    const startedAt = performance.now();
    await (await fetch(url, { headers: { authorization } })).arrayBuffer();
    waits.push(performance.now() - startedAt);
    await sleep(20);
  }
  parentPort!.postMessage(waits);
}

parentPort!.on('message', (command: 'start' | 'stop') => {
  watching.abort();
  if (command === 'stop') return;
  watching = new AbortController();
  void watch(watching.signal);
});
