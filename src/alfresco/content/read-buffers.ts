/** Bytes of one read for a slow reader, at most: the memory of one read is held for as long as the reader takes. */
export const SMALL_READ = 32_768;
/**
 * Bytes of one read for a fast reader. A ZIP of 1 GB comes at 620 MB/s in reads of 128 KiB, at 900 with 256 KiB and at 1,200
 * with these, into memory that is reused; undici reads 64 KiB at a time, each into new memory, and comes to 330.
 */
export const LARGE_READ = 524_288;
/** Bytes of all fast readers' reads together, so that one turn of the event loop, which serves each of them once, stays short. */
const ALL_READS = 8_388_608;

/** Bytes that are kept of each size until they are needed again. */
const SPARE = 4_194_304;

const own = new WeakSet<ArrayBufferLike>();
const spare = new Map<number, Buffer[]>();

/** Bytes for each of so many fast readers. A power of two, so that memory of one size can be used by others. */
export function fastRead(readers: number): number {
  const share = 2 ** Math.floor(Math.log2(ALL_READS / readers));
  return Math.max(SMALL_READ, Math.min(share, LARGE_READ));
}

/** Memory of `size` bytes to read into, perhaps for the second time. */
export function takeBuffer(size: number): Buffer {
  const known = spare.get(size)?.pop();
  if (known) return known;
  const fresh = Buffer.allocUnsafeSlow(size);
  own.add(fresh.buffer);
  return fresh;
}

/**
 * Gives the memory of a chunk back for another read. To be called once, when the chunk is no longer needed by anything; a chunk
 * that is not given back is collected as garbage like any other.
 */
export function giveBack({ buffer }: Buffer): void {
  if (!own.has(buffer)) return;
  const size = buffer.byteLength;
  const unused = spare.get(size) ?? [];
  spare.set(size, unused);
  if (unused.length < SPARE / size) unused.push(Buffer.from(buffer));
}
