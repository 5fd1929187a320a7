import fc from 'fast-check';
import { ChunkedBody } from './chunked-body.js';

/** In pieces of at most so many bytes. */
function decode(text: string, size: number): string {
  const body = new ChunkedBody();
  const bytes = Buffer.from(text, 'latin1');
  let decoded = '';
  for (let at = 0; at < bytes.length; at += size) {
    decoded += body.decode(bytes.subarray(at, at + size)).toString('latin1');
  }
  return decoded;
}

describe('a body in chunks', () => {
  it('is what is in the chunks, however it arrives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' })),
        fc.integer({ min: 1, max: 60 }),
        (parts, size) => {
          const framed = parts.map((part) => `${part.length.toString(16)};x="y"\r\n${part}\r\n`);
          const text = `${framed.join('')}0\r\nTrailer: 1\r\n\r\n`;
          expect(decode(text, size)).toBe(parts.join(''));
        },
      ),
    );
  });

  it.each([
    ['without a size', '\r\nabc'],
    ['with a size that is no number', 'many\r\n'],
    ['with a negative size', '-1\r\n'],
    ['with a size beyond all files', `${'f'.repeat(16)}\r\n`],
    ['that is longer than its size', '3\r\nabcd\r\n'],
    ['with an endless line', '1;'.padEnd(2000, 'x')],
  ])('is rejected with a chunk %s', (_what, text) => {
    for (const size of [1, 7, 4000]) expect(() => decode(text, size)).toThrow(/chunk/);
  });
});
