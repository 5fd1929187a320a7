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
