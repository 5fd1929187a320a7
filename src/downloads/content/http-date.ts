const RFC_850 = /^[A-Z][a-z]{5,8}, (\d\d)-([A-Z][a-z]{2})-(\d\d) (\d\d:\d\d:\d\d) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/;

/**
 * An HTTP-date (RFC 9110, section 5.6.7) in milliseconds of the epoch, in its one current and its two
 * obsolete forms. NaN, with which every comparison is false, for anything else: such a header must be ignored.
 */
export function parseHttpDate(text: string | undefined): number {
  if (text === undefined) return NaN;
  const [, day850, month850, year850, time850] = RFC_850.exec(text) ?? [];
  if (day850) return parseDate(`${day850} ${month850} ${fullYear(Number(year850))} ${time850}`);
  const [, month, day, time, year] = ASCTIME.exec(text) ?? [];
  if (day) return parseDate(`${day.replace(' ', '0')} ${month} ${year} ${time}`);
  const [, withoutWeekday] = /^[A-Z][a-z]{2}, (.+) GMT$/.exec(text) ?? [];
  return withoutWeekday === undefined ? NaN : parseDate(withoutWeekday);
}

/** `24 Nov 2026 01:00:14`. Date.parse takes much more and corrects days that do not exist, so it has to come out as it went in. */
function parseDate(text: string): number {
  const time = Date.parse(`${text} GMT`);
  return !Number.isNaN(time) && new Date(time).toUTCString().endsWith(`, ${text} GMT`) ? time : NaN;
}

/** Two digits that would be more than 50 years ahead are a year of the past (RFC 9110, section 5.6.7). */
function fullYear(digits: number): number {
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + digits;
  return year > now + 50 ? year - 100 : year;
}
