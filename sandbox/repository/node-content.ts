import { createCipheriv, createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const PIECE_BYTES = 256 * 1024;
const AES_BLOCK_BYTES = 16;

/** A cm:content property, whose bytes are streamed and never held as a whole. */
export interface NodeContent {
  readonly mimeType: string;
  /** The name of the mimetype in node entries. */
  readonly mimeTypeName: string;
  /** Length in bytes, as the content property says. */
  readonly size: number;
  /** Whether to compress it, for which it must fit into memory. */
  readonly compressible: boolean;
  /** The content property exists, but the store has lost the bytes. */
  readonly missing?: boolean;
  /** Reads the bytes from `start` up to, but not including, `end`; both within the size. */
  read(start: number, end: number): AsyncIterable<Buffer>;
}

type MimeType = Pick<NodeContent, 'mimeType' | 'mimeTypeName'>;

export const MIME_TYPES = {
  text: { mimeType: 'text/plain', mimeTypeName: 'Plain Text' },
  pdf: { mimeType: 'application/pdf', mimeTypeName: 'Adobe PDF Document' },
  docx: {
    mimeType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    mimeTypeName: 'Microsoft Word 2007',
  },
  binary: { mimeType: 'application/octet-stream', mimeTypeName: 'Binary File (Octet Stream)' },
} as const satisfies Record<string, MimeType>;

/** Content held in memory, for small documents. */
export function memoryContent(bytes: Buffer, mimeType: MimeType): NodeContent {
  return {
    ...mimeType,
    size: bytes.length,
    compressible: true,
    async *read(start, end) {
      if (end > start) yield bytes.subarray(start, end);
    },
  };
}

/**
 * Pseudo-random content generated while it is read: the same seed gives the same bytes, from any offset.
 * An AES-CTR key stream is incompressible and fast to generate.
 */
export function generatedContent(seed: string, size: number): NodeContent {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return {
    ...MIME_TYPES.binary,
    size,
    compressible: false,
    async *read(start, end) {
      const counter = Buffer.alloc(AES_BLOCK_BYTES);
      counter.writeBigUInt64BE(BigInt(Math.floor(start / AES_BLOCK_BYTES)), 8);
      const cipher = createCipheriv('aes-128-ctr', key, counter);
      cipher.update(Buffer.alloc(start % AES_BLOCK_BYTES));
      for (let at = start; at < end; at += PIECE_BYTES) {
        yield cipher.update(Buffer.alloc(Math.min(PIECE_BYTES, end - at)));
      }
    },
  };
}

/** A finished ZIP on disk. Alfresco stores it without a mimetype, so it is served as octet-stream. */
export function archiveContent(path: string, size: number): NodeContent {
  return {
    ...MIME_TYPES.binary,
    size,
    compressible: false,
    async *read(start, end) {
      if (end > start) {
        const file: AsyncIterable<Buffer> = createReadStream(path, {
          start,
          end: end - 1,
          highWaterMark: PIECE_BYTES,
        });
        yield* file;
      }
    },
  };
}

/** Content whose store fails once `failAt` bytes have been read. */
export function failingContent(content: NodeContent, failAt: number): NodeContent {
  return {
    ...content,
    async *read(start, end) {
      if (start < failAt) yield* content.read(start, Math.min(end, failAt));
      if (end > failAt)
        throw new Error('Failed to read content: the content store is not available');
    },
  };
}

/** A content property whose bytes are gone from the store. */
export function missingContent(size: number): NodeContent {
  return {
    ...MIME_TYPES.text,
    size,
    compressible: false,
    missing: true,
    read() {
      throw new Error('The content does not exist');
    },
  };
}
