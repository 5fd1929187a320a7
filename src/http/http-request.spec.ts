import fc from 'fast-check';
import { LONGEST_WAIT, acceptedType, parseWait, requestId } from './http-request.js';

const accepted = (accept?: string) =>
  acceptedType({ headers: { accept } }, 'application/json', 'text/html');

describe('the media type of a response', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['text/*', 'text/html'],
    ['TEXT/HTML', 'text/html'],
    ['text/html;q=0.1', 'text/html'],
    ['text/html, application/json', 'text/html'],
    ['text/html;q=0.8, application/json;q=0.9', 'application/json'],
    ['*/*, application/json;q=0', 'text/html'],
    ['nonsense, text/html', 'text/html'],
  ])('is what the client prefers: %s', (accept, type) => {
    expect(accepted(accept)).toBe(type);
  });

  it.each(['', 'nonsense', 'image/png', '*/*;q=0', 'text/html;q=0', 'text/html;q=0.000'])(
    'is the first one where none is accepted: %j',
    (accept) => {
      expect(accepted(accept)).toBe('application/json');
    },
  );
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function idFor(given: string | string[] | undefined): string {
  return requestId({ headers: { 'x-request-id': given } });
}

describe('the id of a request', () => {
  it.each(['a', 'req-1', 'A.b_c-9', '4bf92f3577b34da6a3ce929d0e0e4736', 'x'.repeat(64)])(
    'is the one that the client sent: %s',
    (given) => {
      expect(idFor(given)).toBe(given);
    },
  );

  it.each([
    ['is absent', undefined],
    ['is empty', ''],
    ['is too long', 'x'.repeat(65)],
    ['would break a log line', 'a\nb'],
    ['would break a log line at its end', 'a\n'],
    ['has blanks', 'a b'],
    ['has markup', '<script>'],
    ['has quotes', '"a"'],
    ['is not ASCII', 'ä'],
    ['was sent twice', 'a, b'],
    ['is a list', ['a', 'b']],
  ])('is a new one when the one sent %s', (_what, given) => {
    expect(idFor(given)).toMatch(UUID);
  });

  it('is new for every request', () => {
    expect(idFor(undefined)).not.toBe(idFor(undefined));
  });
});

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
