import { setTimeout as sleep } from 'node:timers/promises';

/** Polls until the value is as wanted; fails the test on timeout. */
export async function until<T>(
  read: () => T | Promise<T>,
  isWanted: (value: T) => boolean,
  { forMs = 15_000, everyMs = 20 } = {},
): Promise<T> {
  const deadline = Date.now() + forMs;
  for (;;) {
    const value = await read();
    if (isWanted(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after ${forMs} ms`);
    await sleep(everyMs);
  }
}
