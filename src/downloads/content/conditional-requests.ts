import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange } from '../../alfresco/download.js';

/** Identify the state of the content (RFC 9110, section 8.8). */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** Milliseconds of the epoch. */
  readonly modifiedAt: number;
}

const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\uffff]*"/g;

export type Verdict = 'proceed' | 'not-modified' | 'failed';

/** Evaluates the conditional headers of a GET or HEAD in the order of RFC 9110, section 13.2.2. */
export function evaluatePreconditions(headers: IncomingHttpHeaders, current: Validators): Verdict {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined) {
    if (!listMatches(ifMatch, (tag) => tag === current.etag)) return 'failed';
  } else if (modifiedSeconds(current) > parseHttpDate(headers['if-unmodified-since'])) {
    return 'failed';
  }
  if (ifNoneMatch !== undefined) {
    return isCurrent(ifNoneMatch, current.etag) ? 'not-modified' : 'proceed';
  }
  return modifiedSeconds(current) <= parseHttpDate(headers['if-modified-since'])
    ? 'not-modified'
    : 'proceed';
}

/** Whether the client already has the state that the tag stands for, by its `If-None-Match`. */
export function isCurrent(ifNoneMatch: string, etag: string): boolean {
  // Weak comparison (section 8.8.3.2): a proxy that compressed the response may have weakened the tag.
  return listMatches(ifNoneMatch, (tag) => tag.replace(/^W\//, '') === etag);
}

/** Whether a `Range` may be honoured (RFC 9110, section 13.1.5): without `If-Range`, or when it matches strongly. */
export function ifRangeHolds(
  headers: IncomingHttpHeaders,
  current: Validators,
  now: number,
): boolean {
  const ifRange = headers['if-range']?.toString();
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"') || ifRange.startsWith('W/')) return ifRange === current.etag;
  // A date is a strong validator only when the content cannot have changed twice in that second (8.8.2.2).
  const isStrong = now - current.modifiedAt >= 1000;
  return isStrong && parseHttpDate(ifRange) === modifiedSeconds(current);
}

function listMatches(header: string, matches: (tag: string) => boolean): boolean {
  if (header.trim() === '*') return true;
  // A malformed list matches nothing: with the tags out of it, blanks and commas between them are left.
  const places = header.replace(ENTITY_TAG, '\0').split(',');
  if (!places.every((place) => /^[ \t]*\0?[ \t]*$/.test(place))) return false;
  return (header.match(ENTITY_TAG) ?? []).some(matches);
}

/** HTTP dates have no milliseconds. */
function modifiedSeconds({ modifiedAt }: Validators): number {
  return Math.floor(modifiedAt / 1000) * 1000;
}

/**
 * The part of the content that is to be sent; `undefined` for all of it. `Range` is defined for GET only (RFC 9110, section
 * 14.2).
 */
export function requestedRange(
  { method, headers }: { readonly method: string; readonly headers: IncomingHttpHeaders },
  current: Validators,
  size: number,
  now: number,
): ByteRange | 'unsatisfiable' | undefined {
  if (method !== 'GET' || !ifRangeHolds(headers, current, now)) return undefined;
  return parseRange(headers.range, size);
}

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * A `Range` header (RFC 9110, section 14) for content of `size` bytes; `undefined` when the whole content is to be sent, as
 * for another unit, a header that cannot be read, and several ranges, whose multipart response no download tool asks for. An
 * end behind the last byte is clamped to it. A range that ends before it starts is rejected (section 15.5.17), as by
 * Alfresco.
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

const WEEKDAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_WEEKDAY = '(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day';
const TIME = '(\\d\\d:\\d\\d:\\d\\d)';

const IMF_FIXDATE = new RegExp(`^${WEEKDAY}, (\\d\\d) ([A-Z][a-z]{2}) (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(`^${LONG_WEEKDAY}, (\\d\\d)-([A-Z][a-z]{2})-(\\d\\d) ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${WEEKDAY} ([A-Z][a-z]{2}) ([ \\d]\\d) ${TIME} (\\d{4})$`);

/**
 * An HTTP-date (RFC 9110, section 5.6.7) in milliseconds of the epoch, in its one current and its two
 * obsolete forms. NaN, with which every comparison is false, for anything else: such a header must be ignored.
 */
export function parseHttpDate(text: string | undefined): number {
  if (text === undefined) return NaN;
  let [, day = '', month = '', year = '', time = ''] = IMF_FIXDATE.exec(text) ?? [];
  if (day) return parseDate(day, month, year, time);
  [, month = '', day = '', time = '', year = ''] = ASCTIME.exec(text) ?? [];
  if (day) return parseDate(day.replace(' ', '0'), month, year, time);
  [, day = '', month = '', year = '', time = ''] = RFC_850.exec(text) ?? [];
  return day ? parseShortYear(day, month, year, time) : NaN;
}

/** Date.parse corrects days that do not exist, so a date has to come out as it went in. */
function parseDate(day: string, month: string, year: string, time: string): number {
  const text = `${day} ${month} ${year} ${time} GMT`;
  const date = new Date(text);
  return !Number.isNaN(date.getTime()) && date.toUTCString().endsWith(`, ${text}`)
    ? date.getTime()
    : NaN;
}

/** A two-digit year that would be more than 50 years ahead is one of the past (RFC 9110, section 5.6.7). */
function parseShortYear(day: string, month: string, digits: string, time: string): number {
  const limit = new Date();
  const century = Math.floor(limit.getUTCFullYear() / 100);
  limit.setUTCFullYear(limit.getUTCFullYear() + 50);
  const date = parseDate(day, month, `${century}${digits}`, time);
  return date > limit.getTime() ? parseDate(day, month, `${century - 1}${digits}`, time) : date;
}
