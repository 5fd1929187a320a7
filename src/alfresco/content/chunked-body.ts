import { errors } from 'undici';

/** Bytes of a line between two chunks, their extensions included. */
const MAX_LINE = 1024;
const CHUNK_SIZE = /^([\da-f]{1,12})[ \t]*(?:;.*)?$/i;

/**
 * Takes the framing off a chunked body (RFC 9112, section 7.1). Trailers are ignored: the connection ends with the body.
 */
export class ChunkedBody {
  private line = '';
  /** Bytes of the current chunk that are still to come; its line end is awaited when there are none. */
  private left = 0;
  private isAfterData = false;
  private isComplete = false;

  /**
   * The data in these bytes, in memory of its own.
   * @throws HTTPParserError
   */
  decode(bytes: Buffer): Buffer {
    const parts: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && !this.isComplete) {
      if (this.left > 0) {
        const part = bytes.subarray(at, at + this.left);
        parts.push(part);
        this.left -= part.length;
        this.isAfterData = this.left === 0;
        at += part.length;
      } else {
        at = this.readLine(bytes, at);
      }
    }
    return Buffer.concat(parts);
  }

  private readLine(bytes: Buffer, start: number): number {
    const end = bytes.indexOf('\n', start);
    this.line += bytes.toString('latin1', start, end < 0 ? bytes.length : end);
    if (this.line.length > MAX_LINE) throw new errors.HTTPParserError('a chunk without a size');
    if (end < 0) return bytes.length;
    this.takeLine(this.line.replace(/\r$/, ''));
    this.line = '';
    return end + 1;
  }

  private takeLine(line: string): void {
    if (this.isAfterData) {
      if (line !== '') throw new errors.HTTPParserError('a chunk that is longer than its size');
      this.isAfterData = false;
      return;
    }
    const size = CHUNK_SIZE.exec(line)?.[1];
    if (size === undefined) throw new errors.HTTPParserError('a chunk without a size');
    this.left = Number.parseInt(size, 16);
    this.isComplete = this.left === 0;
  }
}
