import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_TIMER_MS } from '../config/environment.js';
import type { Caller } from './caller.js';

/**
 * Calls back once the credentials behind a request count no more: at the end of a token, or soon after the end of a ticket.
 *
 * @param everyMs milliseconds between two looks at a ticket
 * @param signal aborted when nobody wants to know any more
 */
export function onceCredentialsEnd(
  { expiresAt = Infinity, isLoggedIn }: Caller,
  everyMs: number,
  signal: AbortSignal,
  callback: () => void,
): void {
  if (expiresAt === Infinity && !isLoggedIn) return;
  const end = async () => {
    while (Date.now() < expiresAt) {
      const pauseMs = isLoggedIn ? everyMs : MAX_TIMER_MS;
      await sleep(Math.min(pauseMs, expiresAt - Date.now()), undefined, { signal, ref: false });
      // A store that does not answer has not ended a ticket.
      if (isLoggedIn && !(await isLoggedIn().catch(() => true))) break;
    }
    if (!signal.aborted) callback();
  };
  // Only the signal ends the pause.
  end().catch(() => {});
}
