import fc from 'fast-check';
import { parseRange } from './conditional-requests.js';

describe('a Range header for content of 100 bytes', () => {
  it.each([
    ['a range inside of the content', 'bytes=10-19', 10, 19],
    ['the first byte', 'bytes=0-0', 0, 0],
    ['the last byte', 'bytes=99-99', 99, 99],
    ['the whole content, spelled as a range', 'bytes=0-99', 0, 99],
    ['everything from a position on', 'bytes=90-', 90, 99],
    ['the last ten bytes for a suffix', 'bytes=-10', 90, 99],
    ['the last byte for a suffix of one', 'bytes=-1', 99, 99],
    ['the whole content for a suffix as long as it', 'bytes=-100', 0, 99],
    ['the whole content for a suffix longer than it', 'bytes=-101', 0, 99],
    ['what there is of a range that ends behind the content', 'bytes=90-999', 90, 99],
    ['what there is of a range that ends one byte behind the content', 'bytes=0-100', 0, 99],
    ['an end that no integer can hold', `bytes=5-${'9'.repeat(400)}`, 5, 99],
    ['a suffix that no integer can hold', `bytes=-${'9'.repeat(400)}`, 0, 99],
    ['positions with leading zeros as decimal', 'bytes=007-010', 7, 10],
    ['a unit in another case', 'BYTES=1-2', 1, 2],
  ])('selects %s', (_what, header, start, end) => {
    expect(parseRange(header, 100)).toEqual({ start, end });
  });

  it.each([
    ['starts right behind the content', 'bytes=100-'],
    ['lies behind the content', 'bytes=200-300'],
    ['starts where no integer reaches', `bytes=${'9'.repeat(400)}-`],
    ['is a suffix of no bytes', 'bytes=-0'],
  ])('cannot be satisfied when it %s', (_what, header) => {
    expect(parseRange(header, 100)).toBe('unsatisfiable');
  });

  // RFC 9110 lets a server ignore or reject these (section 14.2); Alfresco rejects them.
  it.each(['bytes=20-10', 'bytes=1-0', 'bytes=150-120'])(
    'is rejected when it ends before it starts: %s',
    (header) => {
      expect(parseRange(header, 100)).toBe('unsatisfiable');
    },
  );

  it.each([
    ['is absent', undefined],
    ['is empty', ''],
    ['names no position', 'bytes=-'],
    ['names no range', 'bytes='],
    ['is only a unit', 'bytes'],
    ['has no unit', '0-5'],
    ['has another unit', 'items=0-5'],
    ['has a unit that only ends in bytes', 'kilobytes=0-5'],
    ['has no equals sign', 'bytes 0-5'],
    ['has letters for positions', 'bytes=a-b'],
    ['has hexadecimal positions', 'bytes=0x1-0x5'],
    ['has a signed position', 'bytes=+1-5'],
    ['has a negative end', 'bytes=1--5'],
    ['has fractions', 'bytes=1.5-3'],
    ['has blanks inside', 'bytes=1 - 5'],
    ['has blanks around the equals sign', 'bytes = 0-1'],
    ['has a blank before the equals sign', 'bytes =0-1'],
    ['has a tab before the equals sign', 'bytes\t=0-1'],
    ['has a blank before the unit', ' bytes=0-1'],
    ['has three positions', 'bytes=1-5-9'],
    ['is the form of Content-Range', 'bytes=0-5/100'],
    ['asks for several ranges', 'bytes=0-4,10-14'],
    ['asks for several ranges, none of which exists', 'bytes=200-300,400-'],
  ])('is ignored when it %s', (_what, header) => {
    expect(parseRange(header, 100)).toBeUndefined();
  });
});

it('counts beyond 32 bits', () => {
  expect(parseRange('bytes=5368709119-', 5_368_709_120)).toEqual({
    start: 5_368_709_119,
    end: 5_368_709_119,
  });
});

describe('a Range header for empty content', () => {
  it.each(['bytes=0-', 'bytes=0-0', 'bytes=5-9', 'bytes=-0'])(
    'cannot be satisfied: %s',
    (header) => {
      expect(parseRange(header, 0)).toBe('unsatisfiable');
    },
  );

  // RFC 9110, section 14.1.2: a suffix longer than the content is the whole content, here no byte.
  it.each(['bytes=-1', 'bytes=-5'])('selects the whole content for a suffix: %s', (header) => {
    expect(parseRange(header, 0)).toBeUndefined();
  });
});

describe('any Range header', () => {
  const NONE = new Uint8Array();
  const sizes = fc.oneof(fc.nat({ max: 200 }), fc.maxSafeNat());
  const positions = fc.oneof(fc.nat({ max: 300 }), fc.bigInt({ min: 0n, max: 10n ** 30n }));
  const headers = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }).map((text) => `bytes=${text}`),
    fc
      .tuple(fc.option(positions, { nil: '' }), fc.option(positions, { nil: '' }))
      .map(([first, last]) => `bytes=${first}-${last}`),
  );

  it('selects only bytes that exist', () => {
    fc.assert(
      fc.property(headers, sizes, (header, size) => {
        const range = parseRange(header, size);
        if (range === undefined || range === 'unsatisfiable') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThanOrEqual(range.start);
        expect(range.end).toBeLessThan(size);
      }),
      { numRuns: 2000 },
    );
  });

  it('selects what slicing the content would', () => {
    const content = fc.uint8Array({ minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(content, fc.nat({ max: 60 }), fc.nat({ max: 60 }), (bytes, a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const slice = (header: string) => {
          const range = parseRange(header, bytes.length);
          return typeof range === 'object' ? bytes.slice(range.start, range.end + 1) : NONE;
        };
        expect(slice(`bytes=${first}-${last}`)).toEqual(bytes.slice(first, last + 1));
        expect(slice(`bytes=${first}-`)).toEqual(bytes.slice(first));
        expect(slice(`bytes=-${last}`)).toEqual(last === 0 ? NONE : bytes.slice(-last));
      }),
    );
  });
});
