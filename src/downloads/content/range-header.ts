import type { ByteRange } from '../../alfresco/content/resumable-content.js';

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * A `Range` header (RFC 9110, section 14) for content of `size` bytes. `undefined` means: answer the
 * whole content, as for another unit, for what is no range at all, and for several ranges, whose multipart
 * answer no download tool asks for. A range that ends before it starts is rejected (section 15.5.17), as
 * Alfresco does.
 *
 * `range-parser` is not used: version 1.3 rejects a suffix longer than the content, for which section
 * 14.1.2 wants the whole content.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = (header && SINGLE_RANGE.exec(header)) || [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return suffix(Number(last), size);
  const start = Number(first);
  const end = last === '' ? Infinity : Number(last);
  if (start >= size || end < start) return 'unsatisfiable';
  return { start, end: Math.min(end, size - 1) };
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (length === 0) return 'unsatisfiable';
  if (size === 0) return undefined;
  return { start: Math.max(0, size - length), end: size - 1 };
}
