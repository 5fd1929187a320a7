import type { Download } from '../../alfresco/download.js';
import { toDownloadEntry } from './download.dto.js';

const pending: Download = {
  id: '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f',
  status: 'PENDING',
  filesAdded: 0,
  bytesAdded: 0,
  totalFiles: 0,
  totalBytes: 0,
};

describe('the entry of a download', () => {
  it('is written as Alfresco writes it, zeros included', () => {
    expect(JSON.stringify(toDownloadEntry(pending))).toBe(
      '{"entry":{"filesAdded":0,"bytesAdded":0,"totalBytes":0,' +
        '"id":"5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f","totalFiles":0,"status":"PENDING"}}',
    );
  });

  it('keeps the order of members when only some are wanted', () => {
    const entry = toDownloadEntry(pending, new Set(['status', 'id', 'filesAdded']));
    expect(JSON.stringify(entry)).toBe(
      '{"entry":{"filesAdded":0,"id":"5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f","status":"PENDING"}}',
    );
  });

  it('has nothing but the six members, whatever else is known', () => {
    const known = { ...pending, owner: 'alice' };
    expect(toDownloadEntry(known)).toEqual({ entry: pending });
    expect(toDownloadEntry(known, new Set(['owner']))).toEqual({ entry: {} });
  });
});
