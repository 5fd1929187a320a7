import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import type { ArchiveEntry } from './archive.plan.ts';
import { exporterPieces } from './exporter-pieces.ts';
import type { NodeContent } from '../repository/node-content.ts';

/** Watches a ZIP being written. */
export interface ArchiveObserver {
  /** Called as bytes of a file go in; at a progress point Alfresco writes the counters and looks for a cancel. */
  onBytes(count: number, isProgressPoint: boolean): Promise<void>;
  /** Called when a file is complete. */
  onFileAdded(): void;
}

/**
 * Writes a ZIP to disk with constant memory.
 *
 * @throws whatever the observer, a content or the disk throws; the file is then incomplete
 */
export async function writeArchive(
  path: string,
  entries: readonly ArchiveEntry[],
  observer: ArchiveObserver,
  signal: AbortSignal,
): Promise<void> {
  const zip = new ZipFile();
  const failure = new AbortController();
  const fail = (error: unknown): void => failure.abort(error);
  zip.on('error', fail);

  for (const { path: name, createdAt: mtime, content } of entries) {
    if (content === undefined) {
      zip.addEmptyDirectory(name, { mtime });
    } else if (content.missing !== true) {
      const options = { mtime, size: content.size, compress: content.compressible };
      zip.addReadStreamLazy(name, options, (open) => {
        // yazl only pipes the stream, which does not pass errors on.
        open(
          null,
          Readable.from(source(content, observer), { objectMode: false }).on('error', fail),
        );
      });
    }
  }
  zip.end();

  try {
    await pipeline(zip.outputStream, createWriteStream(path), {
      signal: AbortSignal.any([signal, failure.signal]),
    });
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error;
  }
}

async function* source(content: NodeContent, observer: ArchiveObserver): AsyncGenerator<Buffer> {
  for await (const piece of exporterPieces(content)) {
    await observer.onBytes(piece.bytes.length, piece.endsProgressChunk);
    yield piece.bytes;
  }
  observer.onFileAdded();
}
