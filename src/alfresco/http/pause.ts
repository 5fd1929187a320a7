import { ExponentialBackoff, type IBackoff } from 'cockatiel';
import type { GrowingPause } from '../../config/pacing.js';

/** The first of pauses with decorrelated jitter, which leads to the next. */
export function firstPause({ firstMs, longestMs }: GrowingPause): IBackoff<unknown> {
  return new ExponentialBackoff({ initialDelay: firstMs, maxDelay: longestMs }).next();
}

/** Waits so many milliseconds, or until the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
