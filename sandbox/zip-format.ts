import { crc32 } from 'node:zlib';

/** An entry without its data. */
export interface ZipEntryHead {
  /** Folders end in a slash. */
  path: string;
  createdAt: Date;
  /** Length of the data before compression; with 4 GB and more, lengths take 8 bytes. */
  size: number;
}

/** The properties of an entry that are known once its data has been written. */
export interface ZipEntryEnd {
  crc: number;
  size: number;
  compressedSize: number;
  /** Position of its local header in the file. */
  offset: number;
}

/** Bits 3 and 11: lengths are in data descriptors, names in UTF-8. */
const FLAGS = 0x0808;
const DEFLATED = 8;
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;
/** From this size on, ZIP64 is used: DEFLATE lengthens incompressible data. */
const BIG_ENTRY_BYTES = 0xff000000;
const WINDOWS_EPOCH_MS = 11_644_473_600_000n;

/** The local header. Like all parts, it is as long as that of Commons Compress. */
export function localHeader(head: ZipEntryHead): Buffer {
  const name = Buffer.from(head.path, 'utf8');
  const isBig = head.size >= BIG_ENTRY_BYTES;
  const lengths = isBig ? zip64Extra([0, 0]) : Buffer.alloc(0);
  const extra = Buffer.concat([lengths, ntfsTimes(head.createdAt), unicodePath(name)]);
  const fixed = new Fields(30);
  fixed.u32(0x04034b50).u16(isBig ? 45 : 20);
  common(fixed, head.createdAt);
  fixed.u32(0);
  fixed.u32(isBig ? MAX_32 : 0).u32(isBig ? MAX_32 : 0);
  fixed.u16(name.length).u16(extra.length);
  return Buffer.concat([fixed.bytes, name, extra]);
}

/** The data descriptor, which follows the data of an entry. */
export function dataDescriptor(head: ZipEntryHead, end: ZipEntryEnd): Buffer {
  const isBig = head.size >= BIG_ENTRY_BYTES;
  const fields = new Fields(isBig ? 24 : 16).u32(0x08074b50).u32(end.crc);
  for (const length of [end.compressedSize, end.size]) {
    if (isBig) fields.u64(length);
    else fields.u32(length);
  }
  return fields.bytes;
}

/** The header of an entry in the central directory. */
export function centralHeader(head: ZipEntryHead, end: ZipEntryEnd): Buffer {
  const name = Buffer.from(head.path, 'utf8');
  const isBig = head.size >= BIG_ENTRY_BYTES;
  const isFar = end.offset >= MAX_32;
  const large = [...(isBig ? [end.size, end.compressedSize] : []), ...(isFar ? [end.offset] : [])];
  const lengths = large.length === 0 ? Buffer.alloc(0) : zip64Extra(large);
  const extra = Buffer.concat([lengths, ntfsTimes(head.createdAt), unicodePath(name)]);
  const fixed = new Fields(46).u32(0x02014b50);
  const version = isBig || isFar ? 45 : 20;
  fixed.u16(version).u16(version);
  common(fixed, head.createdAt);
  fixed.u32(end.crc);
  fixed.u32(isBig ? MAX_32 : end.compressedSize).u32(isBig ? MAX_32 : end.size);
  fixed.u16(name.length).u16(extra.length);
  fixed.u16(0).u16(0).u16(0).u32(0);
  fixed.u32(isFar ? MAX_32 : end.offset);
  return Buffer.concat([fixed.bytes, name, extra]);
}

/** The records that follow the central directory. */
export function endOfArchive(count: number, offset: number, length: number): Buffer {
  const isBig = count >= MAX_16 || offset + length >= MAX_32;
  const end = new Fields(22).u32(0x06054b50).u16(0).u16(0);
  const shown = isBig ? MAX_16 : count;
  end.u16(shown).u16(shown);
  end.u32(isBig ? MAX_32 : length).u32(isBig ? MAX_32 : offset);
  end.u16(0);
  if (!isBig) return end.bytes;
  const record = new Fields(56).u32(0x06064b50).u64(44).u16(45).u16(45).u32(0).u32(0);
  record.u64(count).u64(count).u64(length).u64(offset);
  const locator = new Fields(20).u32(0x07064b50).u32(0);
  locator.u64(offset + length).u32(1);
  return Buffer.concat([record.bytes, locator.bytes, end.bytes]);
}

function common(fields: Fields, createdAt: Date): void {
  const time =
    (createdAt.getHours() << 11) | (createdAt.getMinutes() << 5) | (createdAt.getSeconds() >> 1);
  const day =
    ((createdAt.getFullYear() - 1980) << 9) |
    ((createdAt.getMonth() + 1) << 5) |
    createdAt.getDate();
  fields.u16(FLAGS).u16(DEFLATED).u16(time).u16(day);
}

function ntfsTimes(time: Date): Buffer {
  const ticks = (BigInt(time.getTime()) + WINDOWS_EPOCH_MS) * 10_000n;
  const fields = new Fields(36).u16(0x000a).u16(32).u32(0).u16(1).u16(24);
  return fields.u64(ticks).u64(ticks).u64(ticks).bytes;
}

function unicodePath(name: Buffer): Buffer {
  const fields = new Fields(9).u16(0x7075).u16(5 + name.length);
  return Buffer.concat([fields.u8(1).u32(crc32(name)).bytes, name]);
}

function zip64Extra(lengths: readonly number[]): Buffer {
  const fields = new Fields(4 + 8 * lengths.length).u16(0x0001).u16(8 * lengths.length);
  for (const length of lengths) fields.u64(length);
  return fields.bytes;
}

/** Writes consecutive little-endian numbers. */
class Fields {
  readonly bytes: Buffer;
  #at = 0;

  constructor(length: number) {
    this.bytes = Buffer.alloc(length);
  }

  u8(value: number): this {
    this.#at = this.bytes.writeUInt8(value, this.#at);
    return this;
  }

  u16(value: number): this {
    this.#at = this.bytes.writeUInt16LE(value, this.#at);
    return this;
  }

  u32(value: number): this {
    this.#at = this.bytes.writeUInt32LE(value, this.#at);
    return this;
  }

  u64(value: number | bigint): this {
    this.#at = this.bytes.writeBigUInt64LE(BigInt(value), this.#at);
    return this;
  }
}
