import type { ByteRange } from '../../alfresco/byte-range.js';

const SINGLE_RANGE = /^bytes[ \t]*=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * A `Range` header (RFC 9110, section 14) for content of `size` bytes. `undefined` means: answer the
 * whole content, as for another unit, an invalid range (`20-10`) and several ranges, whose multipart answer no
 * download tool asks for.
 *
 * `range-parser` is not used: version 1.3 calls a suffix longer than the content unsatisfiable (section
 * 14.1.2 wants the whole content) and cannot tell an invalid range from an unsatisfiable one.
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
  if (end < start) return undefined;
  if (start >= size) return 'unsatisfiable';
  return { start, end: Math.min(end, size - 1) };
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable';
  return { start: Math.max(0, size - length), end: size - 1 };
}
