import { giveBack, takeBuffer } from './read.buffers.js';

describe('memory for reads', () => {
  it('is used again once a chunk of it has been given back', () => {
    const first = takeBuffer();
    giveBack(first.subarray(100, 200));
    const second = takeBuffer();
    expect(second.buffer).toBe(first.buffer);
    expect(second.length).toBe(first.length);
    expect(takeBuffer().buffer).not.toBe(first.buffer);
  });

  it('is never that of a chunk which came from elsewhere', () => {
    const foreign = Buffer.alloc(takeBuffer().length);
    giveBack(foreign);
    expect(takeBuffer().buffer).not.toBe(foreign.buffer);
  });

  it('is not kept without limit', () => {
    const many = Array.from({ length: 100 }, takeBuffer);
    for (const one of many) giveBack(one);
    const again = new Set(Array.from({ length: 100 }, () => takeBuffer().buffer));
    expect(many.filter(({ buffer }) => again.has(buffer))).toHaveLength(64);
  });
});
