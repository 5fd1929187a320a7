/** Seconds; less than the minute after which proxies commonly give up. */
export const LONGEST_WAIT = 50;

/** One preference of RFC 7240, section 2: a token, perhaps with a value, perhaps with parameters of its own. */
const PREFERENCE =
  /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s;"]*)))?\s*(?:;.*)?$/s;

/** The `wait` preference, at most `LONGEST_WAIT`; one that cannot be parsed is ignored (RFC 7240, section 2). */
export function parseWait(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const preferences = [header].flat().join(',').split(',');
  for (const preference of preferences) {
    const [, name, quoted, bare] = PREFERENCE.exec(preference) ?? [];
    // The first of several counts.
    if (name?.toLowerCase() === 'wait') return secondsOf(quoted ?? bare ?? '');
  }
  return undefined;
}

function secondsOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Math.min(Number(text), LONGEST_WAIT) : undefined;
}
