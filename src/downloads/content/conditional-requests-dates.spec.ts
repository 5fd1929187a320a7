import fc from 'fast-check';
import { parseHttpDate } from './conditional-requests.js';

// Two digits of a year mean something else in every year.
beforeEach(() => {
  vi.setSystemTime('2026-11-24T12:00:00Z');
});

afterEach(() => {
  vi.useRealTimers();
});

describe('an HTTP date', () => {
  it.each([
    ['the current form', 'Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37.000Z'],
    ['the form of asctime', 'Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37.000Z'],
  ])('is read in %s, as in the example of RFC 9110', (_what, text, expected) => {
    expect(parseHttpDate(text)).toBe(Date.parse(expected));
  });

  it.each([
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Thu, 29 Feb 2024 00:00:00 GMT', 1_709_164_800_000],
    ['Tue, 24 Nov 2026 01:00:14 GMT', 1_795_482_014_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 253_402_300_799_000],
    ['Tuesday, 29-Feb-00 00:00:00 GMT', 951_782_400_000],
    ['Wednesday, 24-Feb-99 23:59:59 GMT', 919_900_799_000],
    ['Tue Nov 24 01:00:14 2026', 1_795_482_014_000],
    ['Thu Feb 29 00:00:00 2024', 1_709_164_800_000],
  ])('is in milliseconds of the epoch: %s', (text, expected) => {
    expect(parseHttpDate(text)).toBe(expected);
  });

  it.each([
    [
      'Jan',
      'Mon, 15 Jan 2024 12:00:00 GMT',
      'Monday, 15-Jan-24 12:00:00 GMT',
      'Mon Jan 15 12:00:00 2024',
      '2024-01-15T12:00:00.000Z',
    ],
    [
      'Feb',
      'Thu, 15 Feb 2024 12:00:00 GMT',
      'Thursday, 15-Feb-24 12:00:00 GMT',
      'Thu Feb 15 12:00:00 2024',
      '2024-02-15T12:00:00.000Z',
    ],
    [
      'Mar',
      'Fri, 15 Mar 2024 12:00:00 GMT',
      'Friday, 15-Mar-24 12:00:00 GMT',
      'Fri Mar 15 12:00:00 2024',
      '2024-03-15T12:00:00.000Z',
    ],
    [
      'Apr',
      'Mon, 15 Apr 2024 12:00:00 GMT',
      'Monday, 15-Apr-24 12:00:00 GMT',
      'Mon Apr 15 12:00:00 2024',
      '2024-04-15T12:00:00.000Z',
    ],
    [
      'May',
      'Wed, 15 May 2024 12:00:00 GMT',
      'Wednesday, 15-May-24 12:00:00 GMT',
      'Wed May 15 12:00:00 2024',
      '2024-05-15T12:00:00.000Z',
    ],
    [
      'Jun',
      'Sat, 15 Jun 2024 12:00:00 GMT',
      'Saturday, 15-Jun-24 12:00:00 GMT',
      'Sat Jun 15 12:00:00 2024',
      '2024-06-15T12:00:00.000Z',
    ],
    [
      'Jul',
      'Mon, 15 Jul 2024 12:00:00 GMT',
      'Monday, 15-Jul-24 12:00:00 GMT',
      'Mon Jul 15 12:00:00 2024',
      '2024-07-15T12:00:00.000Z',
    ],
    [
      'Aug',
      'Thu, 15 Aug 2024 12:00:00 GMT',
      'Thursday, 15-Aug-24 12:00:00 GMT',
      'Thu Aug 15 12:00:00 2024',
      '2024-08-15T12:00:00.000Z',
    ],
    [
      'Sep',
      'Sun, 15 Sep 2024 12:00:00 GMT',
      'Sunday, 15-Sep-24 12:00:00 GMT',
      'Sun Sep 15 12:00:00 2024',
      '2024-09-15T12:00:00.000Z',
    ],
    [
      'Oct',
      'Tue, 15 Oct 2024 12:00:00 GMT',
      'Tuesday, 15-Oct-24 12:00:00 GMT',
      'Tue Oct 15 12:00:00 2024',
      '2024-10-15T12:00:00.000Z',
    ],
    [
      'Nov',
      'Fri, 15 Nov 2024 12:00:00 GMT',
      'Friday, 15-Nov-24 12:00:00 GMT',
      'Fri Nov 15 12:00:00 2024',
      '2024-11-15T12:00:00.000Z',
    ],
    [
      'Dec',
      'Sun, 15 Dec 2024 12:00:00 GMT',
      'Sunday, 15-Dec-24 12:00:00 GMT',
      'Sun Dec 15 12:00:00 2024',
      '2024-12-15T12:00:00.000Z',
    ],
  ])('knows the month %s', (_month, current, rfc850, asctime, expected) => {
    expect(parseHttpDate(current)).toBe(Date.parse(expected));
    expect(parseHttpDate(rfc850)).toBe(Date.parse(expected));
    expect(parseHttpDate(asctime)).toBe(Date.parse(expected));
  });
});

describe('the two digits of a year in the form of RFC 850', () => {
  it.each([
    ['this year', '2026-11-24', 'Tuesday, 24-Nov-26 01:00:14 GMT', '2026-11-24T01:00:14.000Z'],
    ['a past year', '2026-11-24', 'Friday, 24-Nov-00 01:00:14 GMT', '2000-11-24T01:00:14.000Z'],
    ['a year ahead', '2026-11-24', 'Wednesday, 24-Nov-27 01:00:14 GMT', '2027-11-24T01:00:14.000Z'],
    [
      'a year not more than 50 years ahead',
      '2026-11-24',
      'Monday, 23-Nov-76 01:00:14 GMT',
      '2076-11-23T01:00:14.000Z',
    ],
    [
      'a year of the last century instead of one 51 years ahead',
      '2026-11-24',
      'Thursday, 24-Nov-77 01:00:14 GMT',
      '1977-11-24T01:00:14.000Z',
    ],
    [
      'the last year of the last century',
      '2026-11-24',
      'Friday, 31-Dec-99 23:59:59 GMT',
      '1999-12-31T23:59:59.000Z',
    ],
    [
      'a year not more than 50 years ahead of the first of a century',
      '2000-06-15',
      'Tuesday, 14-Jun-50 12:00:00 GMT',
      '2050-06-14T12:00:00.000Z',
    ],
    [
      'a year of the last century in the first of another',
      '2000-06-15',
      'Friday, 15-Jun-51 12:00:00 GMT',
      '1951-06-15T12:00:00.000Z',
    ],
    [
      'a past year in the second half of a century',
      '2094-11-06',
      'Friday, 06-Nov-93 08:49:37 GMT',
      '2093-11-06T08:49:37.000Z',
    ],
  ])('are %s', (_what, today, text, expected) => {
    vi.setSystemTime(`${today}T12:00:00Z`);
    expect(parseHttpDate(text)).toBe(Date.parse(expected));
  });
});

describe('a text that is not an HTTP date', () => {
  it.each<[string, string | undefined]>([
    ['no header', undefined],
    ['an empty header', ''],
    ['a word', 'yesterday'],
    ['a number', '784111777'],
    ['a date of ISO 8601', '1994-11-06T08:49:37Z'],
    ['a weekday alone', 'Sun, GMT'],

    ['an offset', 'Sun, 06 Nov 1994 08:49:37 +0000'],
    ['an offset behind the zone', 'Sun, 06 Nov 1994 08:49:37 GMT+0100'],
    ['an offset before the zone', 'Sun, 06 Nov 1994 08:49:37 +0100 GMT'],
    ['UTC for GMT', 'Sun, 06 Nov 1994 08:49:37 UTC'],
    ['another zone', 'Sun, 06 Nov 1994 08:49:37 EST'],
    ['another zone before GMT', 'Sun, 06 Nov 1994 08:49:37 EST GMT'],
    ['no zone', 'Sun, 06 Nov 1994 08:49:37'],
    ['an offset in the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 +0000'],
    ['another zone in the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 EST'],
    ['no zone in the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37'],
    ['a zone in the form of asctime', 'Sun Nov  6 08:49:37 1994 GMT'],
    ['an offset in the form of asctime', 'Sun Nov  6 08:49:37 1994 +0100'],

    ['no time', 'Sun, 06 Nov 1994 GMT'],
    ['no seconds', 'Sun, 06 Nov 1994 08:49 GMT'],
    ['fractions of a second', 'Sun, 06 Nov 1994 08:49:37.000 GMT'],
    ['an hour of one digit', 'Sun, 06 Nov 1994 8:49:37 GMT'],
    ['half of a day', 'Sun, 06 Nov 1994 08:49:37 PM GMT'],
    ['an hour that does not exist', 'Sun, 06 Nov 1994 25:00:00 GMT'],
    ['midnight as the end of a day', 'Sun, 06 Nov 1994 24:00:00 GMT'],
    ['a minute that does not exist', 'Sun, 06 Nov 1994 08:60:00 GMT'],
    ['no time in the form of RFC 850', 'Sunday, 06-Nov-94 GMT'],
    ['no seconds in the form of RFC 850', 'Sunday, 06-Nov-94 08:49 GMT'],
    ['midnight as the end of a day in the form of RFC 850', 'Sunday, 06-Nov-94 24:00:00 GMT'],
    ['no time in the form of asctime', 'Sun Nov  6 1994'],
    ['midnight as the end of a day in the form of asctime', 'Sun Nov  6 24:00:00 1994'],

    ['a day that no February has', 'Mon, 30 Feb 2026 00:00:00 GMT'],
    ['a leap day of another year', 'Sun, 29 Feb 2026 00:00:00 GMT'],
    ['a leap day of a century without one', 'Thu, 29 Feb 1900 00:00:00 GMT'],
    ['the 31st of a shorter month', 'Thu, 31 Apr 2026 00:00:00 GMT'],
    ['the 32nd', 'Sun, 32 Nov 1994 08:49:37 GMT'],
    ['the 0th', 'Sun, 00 Nov 1994 08:49:37 GMT'],
    ['a day that no February has in the form of RFC 850', 'Monday, 30-Feb-26 00:00:00 GMT'],
    ['a day that no February has in the form of asctime', 'Mon Feb 30 00:00:00 2026'],
    ['the 0th in the form of asctime', 'Sun Nov  0 08:49:37 1994'],

    ['a weekday in lower case', 'sun, 06 Nov 1994 08:49:37 GMT'],
    ['a weekday in capitals', 'SUN, 06 Nov 1994 08:49:37 GMT'],
    ['a month in lower case', 'Sun, 06 nov 1994 08:49:37 GMT'],
    ['a month in capitals', 'Sun, 06 NOV 1994 08:49:37 GMT'],
    ['the zone in lower case', 'Sun, 06 Nov 1994 08:49:37 gmt'],
    ['a weekday in lower case in the form of RFC 850', 'sunday, 06-Nov-94 08:49:37 GMT'],
    ['a month in capitals in the form of RFC 850', 'Sunday, 06-NOV-94 08:49:37 GMT'],
    ['the zone in lower case in the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 gmt'],
    ['a weekday in capitals in the form of asctime', 'SUN Nov  6 08:49:37 1994'],
    ['a month in lower case in the form of asctime', 'Sun nov  6 08:49:37 1994'],

    ['no weekday', '06 Nov 1994 08:49:37 GMT'],
    ['a whole weekday', 'Sunday, 06 Nov 1994 08:49:37 GMT'],
    ['no comma', 'Sun 06 Nov 1994 08:49:37 GMT'],
    ['no blank behind the comma', 'Sun,06 Nov 1994 08:49:37 GMT'],
    ['two blanks', 'Sun, 06  Nov 1994 08:49:37 GMT'],
    ['a blank before', ' Sun, 06 Nov 1994 08:49:37 GMT'],
    ['a blank behind', 'Sun, 06 Nov 1994 08:49:37 GMT '],
    ['a comment', 'Sun, 06 Nov 1994 (Sunday) 08:49:37 GMT'],
    ['something behind', 'Sun, 06 Nov 1994 08:49:37 GMT; length=5'],
    ['a day of one digit', 'Sun, 6 Nov 1994 08:49:37 GMT'],
    ['a month in full', 'Sun, 06 November 1994 08:49:37 GMT'],
    ['a month as a number', 'Sun, 06 11 1994 08:49:37 GMT'],
    ['a month that does not exist', 'Sun, 06 Nox 1994 08:49:37 GMT'],
    ['the month before the day', 'Sun, Nov 06 1994 08:49:37 GMT'],
    ['a year of two digits', 'Sun, 06 Nov 94 08:49:37 GMT'],
    ['hyphens', 'Sun, 06-Nov-1994 08:49:37 GMT'],
    ['a short weekday in the form of RFC 850', 'Sun, 06-Nov-94 08:49:37 GMT'],
    ['a year of four digits in the form of RFC 850', 'Sunday, 06-Nov-1994 08:49:37 GMT'],
    ['a day of one digit in the form of RFC 850', 'Sunday, 6-Nov-94 08:49:37 GMT'],
    ['a day that is not filled up in the form of asctime', 'Sun Nov 6 08:49:37 1994'],
    ['a year of two digits in the form of asctime', 'Sun Nov  6 08:49:37 94'],
    ['a comma in the form of asctime', 'Sun, Nov  6 08:49:37 1994'],
  ])('is not a number for %s', (_what, text) => {
    expect(parseHttpDate(text)).toBeNaN();
  });
});

describe('any moment', () => {
  const seconds = fc
    .date({ min: new Date('1900-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => Math.floor(date.getTime() / 1000) * 1000);

  it('is understood as this service would write it', () => {
    fc.assert(
      fc.property(seconds, (moment) => {
        expect(parseHttpDate(new Date(moment).toUTCString())).toBe(moment);
      }),
    );
  });

  it('is a number or no date, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof parseHttpDate(text)).toBe('number');
      }),
    );
  });
});
