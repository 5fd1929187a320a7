/** The longest delay of a timer; longer ones fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits for `ms` milliseconds or until the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, LONGEST_TIMER_MS));
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
