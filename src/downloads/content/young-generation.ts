import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Streamed bytes after which the young generation is collected. */
const COLLECT_EVERY_BYTES = 16_000_000;

const collect = exposeCollection();
let streamed = 0;

/**
 * Counts streamed bytes, of all streams together, and collects the young generation every 16 MB.
 *
 * A chunk is a few hundred bytes of heap that keep 64 KB outside of it, so V8 sees nothing worth
 * collecting until its limit for external memory. Measured with a ZIP of 2 GB: the process grows by
 * 36 MB instead of 95 MB; 125 collections take 125 ms in all. Smaller semi-spaces (--max-semi-space-size=1) do
 * the same, but cost a third of the status reads per second.
 */
export function countStreamed(bytes: number): void {
  streamed += bytes;
  if (streamed < COLLECT_EVERY_BYTES) return;
  streamed = 0;
  collect();
}

/** The function is there only while the flag is set, and only in contexts made meanwhile. */
function exposeCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void;
  setFlagsFromString('--no-expose-gc');
  return () => gc({ type: 'minor' });
}
