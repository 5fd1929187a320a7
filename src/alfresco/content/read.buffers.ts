/**
 * Bytes that one read takes from the kernel, at most. Measured with a ZIP of 1 GB: undici's reads of 64 KiB, each into new
 * memory, pass on a third of what these do; twice as much memory for each of many slow readers brings a tenth more.
 */
const SIZE = 131_072;
/** Together 8 MiB. */
const MAX_SPARE = 64;

const own = new WeakSet<ArrayBufferLike>();
const spare: Buffer[] = [];

/** Memory to read into, perhaps for the second time. */
export function takeBuffer(): Buffer {
  const known = spare.pop();
  if (known) return known;
  const fresh = Buffer.allocUnsafeSlow(SIZE);
  own.add(fresh.buffer);
  return fresh;
}

/**
 * Gives the memory of a chunk back to be read into again; once, by whoever was the last to need it. A chunk that nobody gives
 * back is collected as garbage like any other.
 */
export function giveBack({ buffer }: Buffer): void {
  if (own.has(buffer) && spare.length < MAX_SPARE) spare.push(Buffer.from(buffer));
}
