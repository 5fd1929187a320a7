const BOUNDARY = '<ALF4558907921887235966L>';
/** Alfresco skips this many characters without checking that they are `bytes=`. */
const UNIT_LENGTH = 6;

/** Positions as HttpRangeProcessor reads them: both inclusive, `end` possibly past the last byte. */
interface ByteRange {
  start: number;
  end: number;
}

/** The response to a range request. `send` may have fewer bytes than `contentLength` announces. */
export type RangeResponse =
  | { kind: 'whole' }
  | { kind: 'unsatisfiable' }
  | { kind: 'single'; contentRange: string; contentLength: string; send: ByteRange[] }
  | { kind: 'multiple'; contentType: string; contentLength: string; send: ByteRange[] };

/** The headers that decide about ranges. */
export interface RangeRequest {
  /** Takes precedence over Range in Alfresco. */
  contentRange: string | undefined;
  range: string | undefined;
  userAgent: string | undefined;
}

/**
 * Reproduces HttpRangeProcessor, which departs from RFC 9110: `-10` means 0-10, ends are not clamped, and several
 * ranges are sent without the part headers that Content-Length includes.
 */
export function respondToRange(
  request: RangeRequest,
  size: number,
  contentType: string,
): RangeResponse {
  const header = request.contentRange ?? request.range;
  if (header === undefined || header.length <= UNIT_LENGTH) return { kind: 'whole' };
  const specifier = header.slice(UNIT_LENGTH);
  if (specifier.includes(','))
    return respondToRanges(specifier, request.userAgent, size, contentType);
  const range = parseRange(specifier, size);
  if (range === undefined) return { kind: 'unsatisfiable' };
  return {
    kind: 'single',
    contentRange: describe(range, size),
    contentLength: String(lengthOf(range)),
    send: [range],
  };
}

function respondToRanges(
  specifier: string,
  userAgent: string | undefined,
  size: number,
  contentType: string,
): RangeResponse {
  const ranges: ByteRange[] = [];
  for (const token of specifier.split(/[, ]+/).filter(Boolean)) {
    const range = parseRange(token, size);
    if (range === undefined) return { kind: 'unsatisfiable' };
    ranges.push(range);
  }
  if (ranges.length === 0) return { kind: 'whole' };
  const send = userAgent === undefined || userAgent.includes('MSIE ') ? merge(ranges) : ranges;
  const end = `--${BOUNDARY}--`.length + 2;
  const parts = send.map((range) => {
    const lines = [
      `--${BOUNDARY}`,
      `Content-Type: ${contentType}`,
      `Content-Range: ${describe(range, size)}\r\n`,
    ];
    return lines.reduce((length, line) => length + line.length + 2, 0) + lengthOf(range) + 2;
  });
  return {
    kind: 'multiple',
    contentType: `multipart/byteranges; boundary=${BOUNDARY};charset=UTF-8`,
    contentLength: String(parts.reduce((sum, part) => sum + part, end)),
    send,
  };
}

function parseRange(specifier: string, size: number): ByteRange | undefined {
  const [positions = ''] = specifier.split('/');
  const separator = positions.indexOf('-');
  if (separator < 0) return undefined;
  const start = separator === 0 ? 0 : parseLong(positions.slice(0, separator));
  const end =
    separator === positions.length - 1 ? size - 1 : parseLong(positions.slice(separator + 1));
  return start === undefined || end === undefined || start > end ? undefined : { start, end };
}

/** Java's Long.parseLong, up to the largest safe integer. */
function parseLong(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function merge(ranges: readonly ByteRange[]): ByteRange[] {
  const merged: ByteRange[] = [];
  for (const range of ranges.toSorted((left, right) => left.start - right.start)) {
    const last = merged.at(-1);
    if (last !== undefined && last.end + 1 >= range.start) last.end = Math.max(last.end, range.end);
    else merged.push({ ...range });
  }
  return merged;
}

function lengthOf({ start, end }: ByteRange): number {
  return end - start + 1;
}

function describe({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`;
}
