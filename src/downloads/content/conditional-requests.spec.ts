import fc from 'fast-check';
import type { IncomingHttpHeaders } from 'node:http';
import { evaluatePreconditions, ifRangeHolds } from './conditional-requests.js';

/** Changed a quarter of a second after 01:00:14. */
const current = { etag: '"1795482014250"', modifiedAt: 1_795_482_014_250 };
const LAST_MODIFIED = 'Tue, 24 Nov 2026 01:00:14 GMT';
const SECOND_BEFORE = 'Tue, 24 Nov 2026 01:00:13 GMT';
const SECOND_AFTER = 'Tue, 24 Nov 2026 01:00:15 GMT';
const RFC_850 = 'Tuesday, 24-Nov-26 01:00:14 GMT';
const ASCTIME = 'Tue Nov 24 01:00:14 2026';
/** Each would be before the last change if it counted. */
const EARLIER_NO_HTTP_DATES = [
  'Tue, 24 Nov 2026 01:00:13 +0000',
  'Tue, 24 Nov 2026 01:00:13 UTC',
  'Tue, 24 Nov 2026 01:00:13 EST GMT',
  'Tue, 24 Nov 2026 GMT',
  'Mon, 30 Feb 2026 01:00:13 GMT',
  'tue, 24 nov 2026 01:00:13 gmt',
  'Tuesday, 24-Nov-26 01:00:13 +0000',
  'Tue Nov 24 01:00:13 2026 +0000',
];
/** Each would be after the last change if it counted. */
const LATER_NO_HTTP_DATES = [
  'Tue, 24 Nov 2026 01:00:15 +0000',
  'Tue, 24 Nov 2026 01:00:15 UTC',
  'Tue, 24 Nov 2026 01:00:15 EST GMT',
  'Wed, 25 Nov 2026 GMT',
  'Tue, 30 Feb 2027 01:00:15 GMT',
  'tue, 24 nov 2026 01:00:15 gmt',
  'Tuesday, 24-Nov-26 01:00:15 +0000',
  'Tue Nov 24 01:00:15 2026 +0000',
];
/** Other spellings of the last change. */
const SAME_NO_HTTP_DATES = [
  'Tue, 24 Nov 2026 01:00:14 +0000',
  'Tue, 24 Nov 2026 01:00:14 UTC',
  'Tue, 24 Nov 2026 02:00:14 GMT+0100',
  'tue, 24 nov 2026 01:00:14 gmt',
  'Tue, 24 Nov 2026 01:00:14',
  'Tuesday, 24-Nov-26 01:00:14 +0000',
  'Tue Nov 24 01:00:14 2026 GMT',
  '2026-11-24T01:00:14Z',
];
/** Lists of which one element would match. */
const MALFORMED_LISTS: [string, string][] = [
  ['something before the current tag', 'x"1795482014250"'],
  ['something behind the current tag', '"1795482014250" junk'],
  ['something between two tags', '"1" junk "1795482014250"'],
  ['something behind another tag', '"1" junk, "1795482014250"'],
  ['an element that is no tag', '1, "1795482014250"'],
  ['a parameter', '"1795482014250";q=1'],
  ['a tag that does not end', '"1795482014250", "1'],
  ['the current tag without its first quote', '1795482014250"'],
  ['the current tag without its last quote', '"1795482014250'],
  ['a slash without the W of a weak tag', '/"1795482014250"'],
  ['a W without the slash of a weak tag', 'W"1795482014250"'],
  ['a weak tag in lower case', 'w/"1795482014250"'],
  ['a blank inside of the mark of a weak tag', 'W/ "1795482014250"'],
  ['a star beside the current tag', '*, "1795482014250"'],
  ['two stars', '*, *'],
  ['semicolons for commas', '"1"; "1795482014250"'],
];
const WELL_FORMED_LISTS: [string, string][] = [
  ['a list without blanks', '"1","1795482014250","2"'],
  ['a list with blanks before and behind its commas', '"1" , "1795482014250" , "2"'],
  ['a list with tabs', '"1"\t,\t"1795482014250"'],
  ['a list with blanks around', ' "1", "1795482014250" '],
  ['an empty element before the current tag', ', "1795482014250"'],
  ['an empty element behind the current tag', '"1795482014250",'],
  ['empty elements between two tags', '"1",, ,"1795482014250"'],
  ['an empty tag beside the current one', '"", "1795482014250"'],
  ['a weak tag beside the current one', 'W/"1", "1795482014250"'],
  ['a star with blanks around', ' * '],
];
const NO_HTTP_DATES = ['', '0', 'tomorrow', '1795482015', '2026-11-24T01:00:15Z', 'Tue, GMT'];

describe('preconditions', () => {
  it('let a request without any pass', () => {
    expect(evaluatePreconditions({}, current)).toBe('proceed');
  });

  describe('If-Match', () => {
    it.each<[string, string]>([
      ['the current tag', '"1795482014250"'],
      ['a list with the current tag', '"1", "1795482014250","3"'],
      ['a list with a comma inside of another tag', '"a,b", "1795482014250"'],
      ['any tag', '*'],
      ...WELL_FORMED_LISTS,
    ])('holds for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-match': value }, current)).toBe('proceed');
    });

    it.each<[string, string]>([
      ['another tag', '"1795482014251"'],
      ['a list without the current tag', '"1", "2"'],
      ['the current tag in weak form, as the comparison is strong', 'W/"1795482014250"'],
      ['the current tag without its quotes', '1795482014250'],
      ['a longer tag that starts like the current one', '"17954820142500"'],
      ['a star in quotes, which is a tag', '"*"'],
      ['nothing', ''],
      ['commas alone', ' , ,'],
      ...MALFORMED_LISTS,
    ])('fails for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-match': value }, current)).toBe('failed');
    });
  });

  describe('If-Unmodified-Since', () => {
    it.each<[string, string]>([
      ['the second of the last change', LAST_MODIFIED],
      ['the second of the last change, in the form of RFC 850', RFC_850],
      ['the second of the last change, in the form of asctime', ASCTIME],
      ['a later second', SECOND_AFTER],
    ])('holds for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-unmodified-since': value }, current)).toBe('proceed');
    });

    it.each<[string, string]>([
      ['an earlier second', SECOND_BEFORE],
      ['an earlier second, in the form of RFC 850', 'Tuesday, 24-Nov-26 01:00:13 GMT'],
      ['an earlier second, in the form of asctime', 'Tue Nov 24 01:00:13 2026'],
      ['the last century, in the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
      ['a day of one digit, in the form of asctime', 'Sun Nov  6 08:49:37 1994'],
    ])('fails for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-unmodified-since': value }, current)).toBe('failed');
    });

    it.each([...NO_HTTP_DATES, ...EARLIER_NO_HTTP_DATES])(
      'is ignored when it is no HTTP date: "%s"',
      (value) => {
        expect(evaluatePreconditions({ 'if-unmodified-since': value }, current)).toBe('proceed');
      },
    );

    it('is ignored beside If-Match', () => {
      const headers = { 'if-match': current.etag, 'if-unmodified-since': SECOND_BEFORE };
      expect(evaluatePreconditions(headers, current)).toBe('proceed');
    });
  });

  describe('If-None-Match', () => {
    it.each<[string, string]>([
      ['the current tag', '"1795482014250"'],
      ['the current tag in weak form, as the comparison is weak', 'W/"1795482014250"'],
      ['a list with the current tag', '"1", W/"1795482014250"'],
      ['any tag', '*'],
      ...WELL_FORMED_LISTS,
    ])('saves the transfer for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-none-match': value }, current)).toBe('not-modified');
    });

    it.each<[string, string]>([
      ['another tag', '"1795482014251"'],
      ['a list without the current tag', '"1", W/"2"'],
      ['the current tag without its quotes', '1795482014250'],
      ['a star in quotes, which is a tag', '"*"'],
      ['commas alone', ' , ,'],
      ...MALFORMED_LISTS,
    ])('sends the content for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-none-match': value }, current)).toBe('proceed');
    });
  });

  describe('If-Modified-Since', () => {
    it.each<[string, string]>([
      ['the second of the last change', LAST_MODIFIED],
      ['the second of the last change, in the form of RFC 850', RFC_850],
      ['the second of the last change, in the form of asctime', ASCTIME],
      ['a later second', SECOND_AFTER],
    ])('saves the transfer for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-modified-since': value }, current)).toBe('not-modified');
    });

    it.each<[string, string]>([
      ['an earlier second', SECOND_BEFORE],
      ['the last century, in the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ])('sends the content for %s', (_what, value) => {
      expect(evaluatePreconditions({ 'if-modified-since': value }, current)).toBe('proceed');
    });

    it.each([...NO_HTTP_DATES, ...LATER_NO_HTTP_DATES])(
      'is ignored when it is no HTTP date: "%s"',
      (value) => {
        expect(evaluatePreconditions({ 'if-modified-since': value }, current)).toBe('proceed');
      },
    );

    it('is ignored beside If-None-Match', () => {
      const headers = { 'if-none-match': '"1"', 'if-modified-since': SECOND_AFTER };
      expect(evaluatePreconditions(headers, current)).toBe('proceed');
    });
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['If-Match', { 'if-match': '"1"', 'if-none-match': current.etag }],
    ['If-Unmodified-Since', { 'if-unmodified-since': SECOND_BEFORE, 'if-none-match': '*' }],
    [
      'If-Unmodified-Since',
      { 'if-unmodified-since': SECOND_BEFORE, 'if-modified-since': SECOND_AFTER },
    ],
  ])('fail for %s before the copy of the client is compared', (_what, headers) => {
    expect(evaluatePreconditions(headers, current)).toBe('failed');
  });

  it('evaluate If-None-Match after If-Match has held', () => {
    const headers = { 'if-match': current.etag, 'if-none-match': current.etag };
    expect(evaluatePreconditions(headers, current)).toBe('not-modified');
  });
});

describe('a date in the form of asctime', () => {
  beforeEach(() => {
    vi.stubEnv('TZ', 'America/New_York');
  });

  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('is GMT wherever the service runs', () => {
    expect(new Date(current.modifiedAt).getTimezoneOffset()).toBe(300);
    expect(evaluatePreconditions({ 'if-modified-since': ASCTIME }, current)).toBe('not-modified');
    expect(
      evaluatePreconditions({ 'if-modified-since': 'Tue Nov 24 01:00:13 2026' }, current),
    ).toBe('proceed');
    expect(evaluatePreconditions({ 'if-unmodified-since': ASCTIME }, current)).toBe('proceed');
    expect(ifRangeHolds({ 'if-range': ASCTIME }, current, current.modifiedAt + 1000)).toBe(true);
  });
});

describe('If-Range', () => {
  const muchLater = current.modifiedAt + 3_600_000;

  it('is no hindrance when it is absent', () => {
    expect(ifRangeHolds({}, current, muchLater)).toBe(true);
  });

  it.each<[string, string]>([
    ['the current tag', '"1795482014250"'],
    ['the date of the last change', LAST_MODIFIED],
    ['the date of the last change, in the form of RFC 850', RFC_850],
    ['the date of the last change, in the form of asctime', ASCTIME],
  ])('resumes for %s', (_what, value) => {
    expect(ifRangeHolds({ 'if-range': value }, current, muchLater)).toBe(true);
  });

  it.each<[string, string]>([
    ['another tag', '"1"'],
    ['the current tag in weak form, as the comparison is strong', 'W/"1795482014250"'],
    ['the current tag without its quotes', '1795482014250'],
    ['any tag, which this header does not know', '*'],
    ['an earlier date', SECOND_BEFORE],
    ['a later date, as only the exact one matches', SECOND_AFTER],
    ['neither a tag nor a date', 'yesterday'],
    ['nothing', ''],
  ])('starts over for %s', (_what, value) => {
    expect(ifRangeHolds({ 'if-range': value }, current, muchLater)).toBe(false);
  });

  it.each(SAME_NO_HTTP_DATES)('starts over for a text that is not an HTTP date: "%s"', (value) => {
    expect(ifRangeHolds({ 'if-range': value }, current, muchLater)).toBe(false);
  });

  it('starts over for the right date while the content may change again in the same second', () => {
    expect(ifRangeHolds({ 'if-range': LAST_MODIFIED }, current, current.modifiedAt + 999)).toBe(
      false,
    );
  });

  it('resumes for the right date one second after the change', () => {
    expect(ifRangeHolds({ 'if-range': LAST_MODIFIED }, current, current.modifiedAt + 1000)).toBe(
      true,
    );
  });

  it('resumes for the current tag right after the change', () => {
    expect(ifRangeHolds({ 'if-range': current.etag }, current, current.modifiedAt)).toBe(true);
  });
});

describe('any conditional headers', () => {
  const tags = fc.constantFrom(
    '"1795482014250"',
    'W/"1795482014250"',
    '"other"',
    '*',
    '',
    ',',
    '"',
    'x',
  );
  const lists = fc.oneof(
    fc.array(tags).map((list) => list.join(',')),
    fc.string(),
  );
  const dates = fc.oneof(
    fc.constantFrom(LAST_MODIFIED, SECOND_BEFORE, SECOND_AFTER, RFC_850, ASCTIME),
    fc.string(),
  );

  it('get a verdict, and a copy counts as current only by its tag when there is one', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            'if-match': lists,
            'if-none-match': lists,
            'if-modified-since': dates,
            'if-unmodified-since': dates,
            'if-range': fc.oneof(tags, dates),
          },
          { requiredKeys: [] },
        ),
        (headers) => {
          const verdict = evaluatePreconditions(headers, current);
          expect(['proceed', 'not-modified', 'failed']).toContain(verdict);
          const tag = headers['if-none-match'];
          if (verdict === 'not-modified' && tag !== undefined)
            expect(tag).toMatch(/1795482014250|\*/);
          expect(typeof ifRangeHolds(headers, current, Date.now())).toBe('boolean');
        },
      ),
      { numRuns: 2000 },
    );
  });
});
