import fc from 'fast-check';
import { DOWNLOAD_STATUSES } from '../../alfresco/download.js';
import { isLast, stateEvent } from './progress-event.js';

const counters = fc.maxSafeNat();
const downloads = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9._:-]{1,36}$/),
  status: fc.constantFrom(...DOWNLOAD_STATUSES),
  filesAdded: counters,
  bytesAdded: counters,
  totalFiles: counters,
  totalBytes: counters,
});
const movements = fc.record(
  { bytesPerSecond: fc.double({ min: 0, max: 1e12, noNaN: true }), stalledSince: fc.nat() },
  { requiredKeys: [] },
);

describe('the event of any download', () => {
  it('is one frame of four lines, whose data is JSON with a percentage', () => {
    fc.assert(
      fc.property(downloads, movements, (download, movement) => {
        const { name, id, frame } = stateEvent(download, movement);
        const [idLine, eventLine, dataLine, ...rest] = frame.split('\n');
        expect([idLine, eventLine, rest]).toEqual([`id: ${id}`, `event: ${name}`, ['', '']]);
        const data = JSON.parse(dataLine!.replace('data: ', '')) as {
          entry: object;
          percent: number;
        };
        expect(data.entry).toEqual(download);
        expect(data.percent).toBeGreaterThanOrEqual(0);
        expect(data.percent).toBeLessThanOrEqual(100);
        expect(data.percent === 100).toBe(download.status === 'DONE');
      }),
    );
  });

  it('has an id that distinguishes two states, and is the same for one', () => {
    fc.assert(
      fc.property(downloads, downloads, (one, other) => {
        const isSame = JSON.stringify({ ...one, id: '' }) === JSON.stringify({ ...other, id: '' });
        expect(stateEvent(one, {}).id === stateEvent(other, {}).id).toBe(isSame);
        expect(stateEvent(one, { bytesPerSecond: 5 }).id).toBe(stateEvent(one, {}).id);
      }),
    );
  });

  it('is the last one when, and only when, the status is final', () => {
    fc.assert(
      fc.property(downloads, movements, (download, movement) => {
        const isRunning = ['PENDING', 'IN_PROGRESS'].includes(download.status);
        expect(isLast(stateEvent(download, movement))).toBe(!isRunning);
      }),
    );
  });
});
