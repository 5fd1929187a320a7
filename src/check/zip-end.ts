/** APPNOTE.TXT, section 4.3.16: the end of central directory record, 22 bytes before a comment. */
const SIGNATURE = Buffer.from('PK\x05\x06', 'latin1');
const RECORD = 22;
const LONGEST_COMMENT = 65_535;

/** The end of a ZIP that passes by, of which no more is kept than its end record can be long. */
export class ZipEnd {
  /** Bytes that have passed. */
  length = 0;
  private tail: Buffer = Buffer.alloc(0);

  add(piece: Buffer): void {
    this.length += piece.length;
    // Copied: pieces of content are read into memory that is used again.
    this.tail = Buffer.concat([this.tail, piece]).subarray(-(RECORD + LONGEST_COMMENT));
  }

  /** Whether the bytes end with an end record, and the comment that it announces. */
  get isComplete(): boolean {
    const at = this.tail.lastIndexOf(SIGNATURE);
    if (at < 0 || at + RECORD > this.tail.length) return false;
    return at + RECORD + this.tail.readUInt16LE(at + RECORD - 2) === this.tail.length;
  }
}
