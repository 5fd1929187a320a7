import type { IncomingHttpHeaders } from 'node:http';
import { parseHttpDate } from './http-date.js';

/** What identifies the state of the content. */
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

/** Whether the caller has what the tag stands for, by his `If-None-Match`. */
export function isCurrent(ifNoneMatch: string, etag: string): boolean {
  // Weak comparison (section 8.8.3.2): a proxy that compressed the answer may have weakened the tag.
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
