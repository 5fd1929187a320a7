import type { Download } from '../../alfresco/download.js';
import { toProgress } from './progress.dto.js';

const RUNNING: Download = {
  id: 'd',
  status: 'IN_PROGRESS',
  filesAdded: 1,
  bytesAdded: 250,
  totalFiles: 3,
  totalBytes: 1000,
};

describe('progress', () => {
  it.each([
    [{}, 25],
    [{ bytesAdded: 333 }, 33.3],
    [{ bytesAdded: 0 }, 0],
    // Alfresco still has to store the ZIP.
    [{ bytesAdded: 1000 }, 99.9],
    [{ bytesAdded: 5000 }, 99.9],
    [{ bytesAdded: 0, totalBytes: 0 }, 0],
    [{ status: 'PENDING', bytesAdded: 0, totalBytes: 0, totalFiles: 0 }, 0],
    // A file without content is left out.
    [{ status: 'DONE', bytesAdded: 900 }, 100],
    [{ status: 'DONE', bytesAdded: 0, totalBytes: 0 }, 100],
    [{ status: 'CANCELLED' }, 25],
    // bytesAdded is the limit then.
    [{ status: 'MAX_CONTENT_SIZE_EXCEEDED', bytesAdded: 999 }, 0],
    [{ bytesAdded: Number.MAX_SAFE_INTEGER, totalBytes: Number.MAX_SAFE_INTEGER }, 99.9],
  ] as const)('of %j is %d percent', (changes, percent) => {
    expect(toProgress({ ...RUNNING, ...changes }, {}).percent).toBe(percent);
  });

  it('has an estimate while bytes flow', () => {
    expect(toProgress(RUNNING, { bytesPerSecond: 99.6 })).toMatchObject({
      bytesPerSecond: 100,
      remainingSeconds: 8,
    });
  });

  it.each([
    ['nothing is known', RUNNING, {}],
    ['nothing flows', RUNNING, { bytesPerSecond: 0 }],
    ['it has stalled', RUNNING, { bytesPerSecond: 5, stalledSince: 0 }],
    ['it has ended', { ...RUNNING, status: 'DONE' }, { bytesPerSecond: 5 }],
  ] as const)('has no estimate when %s', (_when, download, movement) => {
    const progress = toProgress(download, movement);
    expect(progress).not.toHaveProperty('bytesPerSecond');
    expect(progress).not.toHaveProperty('remainingSeconds');
  });

  it('says since when a stalled download has not moved', () => {
    expect(toProgress(RUNNING, { stalledSince: 0 })).toMatchObject({
      unchangedSince: '1970-01-01T00:00:00.000Z',
    });
  });
});
