import { LARGE_READ, SMALL_READ, fastRead, giveBack, takeBuffer } from './read-buffers.js';

describe.each([SMALL_READ, LARGE_READ])('memory for reads of %d bytes', (size) => {
  it('is used again once a chunk of it has been given back', () => {
    const first = takeBuffer(size);
    giveBack(first.subarray(100, 200));
    const second = takeBuffer(size);
    expect(second.buffer).toBe(first.buffer);
    expect(second).toHaveLength(size);
    expect(takeBuffer(size).buffer).not.toBe(first.buffer);
  });

  it('is never that of a chunk which came from elsewhere', () => {
    const foreign = Buffer.alloc(size);
    giveBack(foreign);
    expect(takeBuffer(size).buffer).not.toBe(foreign.buffer);
  });

  it('is not kept without limit', () => {
    const many = Array.from({ length: 200 }, () => takeBuffer(size));
    for (const one of many) giveBack(one);
    const again = new Set(Array.from({ length: 200 }, () => takeBuffer(size).buffer));
    expect(many.filter(({ buffer }) => again.has(buffer))).toHaveLength(4_194_304 / size);
  });
});

describe('what each of several fast readers reads at once', () => {
  it.each([
    [1, 524_288],
    [16, 524_288],
    [17, 262_144],
    [50, 131_072],
    [200, 32_768],
    [10_000, 32_768],
  ])('of %d is %d bytes', (readers, bytes) => {
    expect(fastRead(readers)).toBe(bytes);
  });
});
