/** First and last byte position, both included, both within the content. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}
