import { Throughput } from './tracked-download.js';

/** Bytes a second after these reports of [bytes, milliseconds]. */
function rateOf(...reports: readonly (readonly [number, number])[]): number | undefined {
  const throughput = new Throughput();
  for (const [bytes, at] of reports) throughput.record(bytes, at);
  return throughput.bytesPerSecond;
}

describe('throughput', () => {
  it('is unknown until two reports have come', () => {
    expect(rateOf()).toBeUndefined();
    expect(rateOf([5, 100])).toBeUndefined();
  });

  it('is what lies between two reports', () => {
    expect(rateOf([0, 1000], [500, 1500])).toBe(1000);
  });

  it('of even steps is even', () => {
    expect(rateOf([0, 0], [1000, 1000], [2000, 2000], [3000, 3000])).toBeCloseTo(1000);
  });

  it('follows a change within some seconds, and not at once', () => {
    const before = [
      [0, 0],
      [1000, 1000],
    ] as const;
    expect(rateOf(...before, [1100, 1100])).toBeCloseTo(1000, -1);
    const slower = rateOf(...before, [1050, 1500])!;
    expect(slower).toBeGreaterThan(100);
    expect(slower).toBeLessThan(1000);
    expect(rateOf(...before, [2000, 11_000])).toBeLessThan(150);
  });

  it.each([
    ['the same moment', [100, 0]],
    ['a clock that goes back', [100, -5]],
    ['fewer bytes than before', [-5, 100]],
  ] as const)('is not spoiled by %s', (_name, report) => {
    expect(rateOf([0, 0], report)).toBeUndefined();
  });
});
