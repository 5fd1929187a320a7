const RFC_822_DATE =
  /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d{1,2}:\d{1,2}:\d{1,2} (?:GMT|UTC|[+-]\d{4})$/;

/** Milliseconds since the epoch of an If-Modified-Since header; undefined if it is absent, unreadable or before 1970. */
export function parseModifiedSince(header: string | undefined): number | undefined {
  if (header === undefined || !RFC_822_DATE.test(header)) return undefined;
  const time = Date.parse(header);
  return time > 0 ? time : undefined;
}
