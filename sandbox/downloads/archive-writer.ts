import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, deflateRawSync } from 'node:zlib';
import type { ArchiveEntry } from './archive-plan.ts';
import { exporterPieces } from './exporter-pieces.ts';
import type { NodeContent } from '../repository/node-content.ts';
import {
  centralHeader,
  dataDescriptor,
  endOfArchive,
  localHeader,
  type ZipEntryEnd,
  type ZipEntryHead,
} from '../zip-format.ts';

/** The length of the stored blocks that zlib writes for incompressible data. */
const STORED_BLOCK_BYTES = 16_383;

/** Observes a ZIP while it is written. */
export interface ArchiveObserver {
  /** Called for bytes of a file; at a progress point Alfresco updates the counters and checks for a cancellation. */
  onBytes(count: number, isProgressPoint: boolean): Promise<void>;
  onFileAdded(): void;
}

/**
 * Writes a ZIP to disk in constant memory, as Commons Compress does for ZipDownloadExporter: lengths behind the data,
 * everything deflated, so that a ZIP has the length that Alfresco's would have.
 *
 * @throws the error of the observer, a content or the disk; the file is then incomplete
 */
export async function writeArchive(
  path: string,
  entries: readonly ArchiveEntry[],
  observer: ArchiveObserver,
  signal: AbortSignal,
): Promise<void> {
  const bytes = Readable.from(archive(entries, observer), { objectMode: false });
  await pipeline(bytes, createWriteStream(path), { signal });
}

async function* archive(
  entries: readonly ArchiveEntry[],
  observer: ArchiveObserver,
): AsyncGenerator<Buffer> {
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, createdAt, content } of entries) {
    if (content?.missing === true) continue;
    const head: ZipEntryHead = { path, createdAt, size: content?.size ?? 0 };
    const end: ZipEntryEnd = { crc: 0, size: 0, compressedSize: 0, offset };
    const header = localHeader(head);
    yield header;
    for await (const bytes of deflated(counted(content, observer, end), content)) {
      end.compressedSize += bytes.length;
      yield bytes;
    }
    if (content !== undefined) observer.onFileAdded();
    const descriptor = dataDescriptor(head, end);
    yield descriptor;
    offset += header.length + end.compressedSize + descriptor.length;
    directory.push(centralHeader(head, end));
  }
  const central = Buffer.concat(directory);
  yield central;
  yield endOfArchive(directory.length, offset, central.length);
}

async function* counted(
  content: NodeContent | undefined,
  observer: ArchiveObserver,
  end: ZipEntryEnd,
): AsyncGenerator<Buffer> {
  if (content === undefined) return;
  for await (const { bytes, endsProgressChunk } of exporterPieces(content)) {
    await observer.onBytes(bytes.length, endsProgressChunk);
    end.crc = crc32(bytes, end.crc);
    end.size += bytes.length;
    yield bytes;
  }
}

async function* deflated(
  source: AsyncGenerator<Buffer>,
  content: NodeContent | undefined,
): AsyncGenerator<Buffer> {
  if (content?.compressible === false) yield* storedBlocks(source, content.size);
  else {
    const all: Buffer[] = [];
    for await (const bytes of source) all.push(bytes);
    yield deflateRawSync(Buffer.concat(all));
  }
}

/** DEFLATE in stored blocks: compressing incompressible data takes most of a job's time and gives the same length. */
async function* storedBlocks(source: AsyncGenerator<Buffer>, size: number): AsyncGenerator<Buffer> {
  let left = size;
  let pending: Buffer = Buffer.alloc(0);
  for await (const bytes of source) {
    pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
    const blocks: Buffer[] = [];
    while (pending.length >= STORED_BLOCK_BYTES || (left > 0 && pending.length === left)) {
      const block = pending.subarray(0, STORED_BLOCK_BYTES);
      pending = pending.subarray(block.length);
      left -= block.length;
      const header = Buffer.alloc(5);
      header.writeUInt8(left === 0 ? 1 : 0);
      header.writeUInt16LE(block.length, 1);
      header.writeUInt16LE(block.length ^ 0xffff, 3);
      blocks.push(header, block);
    }
    yield Buffer.concat(blocks);
  }
}
