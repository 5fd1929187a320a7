import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is wanted; gives up, failing the test, when it never is. */
export async function until<T>(
  ask: () => T | Promise<T>,
  isWanted: (answer: T) => boolean,
  { forMs = 15_000, everyMs = 20 } = {},
): Promise<T> {
  const deadline = Date.now() + forMs;
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)} after ${forMs} ms`);
    await sleep(everyMs);
  }
}
