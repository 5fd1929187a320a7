import { ProgressMeter } from './progress-meter.ts';
import { DONE, download } from './scripted-server.fixture.ts';

const SECOND = 1000;
/** A download of 100,000 bytes, with this many of them added. */
const at = (bytesAdded: number) => download({ bytesAdded, totalBytes: 100_000 });

/** The progress after these states: bytes and the second at which they were reached. */
function after(...states: readonly (readonly [second: number, bytes: number])[]) {
  const meter = new ProgressMeter();
  for (const [second, bytes] of states) meter.update(at(bytes), second * SECOND);
  return meter.progressOf(at(states.at(-1)![1]));
}

describe('the progress of a download', () => {
  it.each([
    [0, 0, 0],
    [0, 1000, 0],
    [1, 3000, 0],
    [500, 1000, 50],
    [999_999, 1_000_000, 99.9],
    [1000, 1000, 99.9],
    [2000, 1000, 99.9],
  ])('of %i of %i bytes is %d%%', (bytesAdded, totalBytes, percent) => {
    const entry = download({ bytesAdded, totalBytes });
    expect(new ProgressMeter().progressOf(entry).percent).toBe(percent);
  });

  it.each([
    [10, 1000],
    [0, 0],
  ])('is 100% when it is done, even with %i of %i bytes', (bytesAdded, totalBytes) => {
    const entry = download({ status: 'DONE', bytesAdded, totalBytes });
    expect(new ProgressMeter().progressOf(entry).percent).toBe(100);
  });

  it('is 0% for a ZIP that is too large, whose bytes are the limit', () => {
    const entry = download({ status: 'MAX_CONTENT_SIZE_EXCEEDED' });
    expect(new ProgressMeter().progressOf(entry).percent).toBe(0);
  });

  it('has no speed before the first change', () => {
    expect(after([0, 0])).not.toHaveProperty('bytesPerSecond');
    expect(after([0, 0], [5, 0])).not.toHaveProperty('bytesPerSecond');
  });

  it('has the speed so far, and the time that the rest takes at that speed', () => {
    expect(after([0, 0], [2, 4000])).toMatchObject({ bytesPerSecond: 2000, remainingSeconds: 48 });
  });

  it('has the speed of the last ten seconds only', () => {
    expect(after([0, 0], [1, 50_000], [20, 51_000], [30, 52_000])).toMatchObject({
      bytesPerSecond: 100,
    });
  });

  it('has no speed once it has ended', () => {
    const meter = new ProgressMeter();
    meter.update(download(), 0);
    meter.update(DONE, SECOND);
    expect(meter.progressOf(DONE)).toEqual({ entry: DONE, percent: 100 });
  });

  it('includes the time of the last change', () => {
    const meter = new ProgressMeter();
    expect(meter.update(at(1), 1)).toBe(true);
    expect(meter.update(at(1), 2)).toBe(false);
    expect(meter.changedAt).toBe(1);
    expect(meter.update(at(2), 3)).toBe(true);
    expect(meter.changedAt).toBe(3);
  });
});
