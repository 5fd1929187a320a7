import fc from 'fast-check';
import { LONGEST_WAIT, parseWait } from './prefer-header.js';

describe('the wait preference', () => {
  it.each([
    ['wait=10', 10],
    ['wait=0', 0],
    ['Wait = 10', 10],
    ['wait="10"', 10],
    ['respond-async, wait=5', 5],
    ['handling=lenient;x=y, wait=5; q=1', 5],
    ['wait=5, wait=9', 5],
    ['wait=999', LONGEST_WAIT],
    ['wait=9999999999', LONGEST_WAIT],
    [['respond-async', 'wait=7'], 7],
  ])('of %j is %d', (header, seconds) => {
    expect(parseWait(header)).toBe(seconds);
  });

  it.each([
    undefined,
    '',
    'wait',
    'wait=',
    'wait=-1',
    'wait=1.5',
    'wait=abc',
    'awaits=5',
    'x="wait=5"',
    ',,,',
    'wait=99999999999',
  ])('is not there in %j', (header) => {
    expect(parseWait(header)).toBeUndefined();
  });
});

describe('any Prefer header', () => {
  it('is a whole number of seconds that will be waited, or nothing', () => {
    const nearly = fc
      .array(fc.constantFrom('wait', '=', '10', '"', ';', ',', ' ', 'a'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (header) => {
        const seconds = parseWait(header) ?? 0;
        expect(Number.isInteger(seconds)).toBe(true);
        expect(seconds).toBeGreaterThanOrEqual(0);
        expect(seconds).toBeLessThanOrEqual(LONGEST_WAIT);
      }),
      { numRuns: 2000 },
    );
  });
});
