import { readNews, writeNews } from './progress-news.js';

const DOWNLOAD = {
  id: 'd',
  status: 'IN_PROGRESS',
  filesAdded: 1,
  bytesAdded: 2,
  totalFiles: 3,
  totalBytes: 4,
} as const;
const STATE = { kind: 'state', id: 'd', ageMs: 5, download: DOWNLOAD };

describe('news of a download', () => {
  it('arrive with the state, and when it was asked for by the clock of the receiver', () => {
    const requestedAt = performance.now() - 1000;
    const news = readNews(writeNews({ kind: 'state', id: 'd', download: DOWNLOAD, requestedAt }));
    expect(news).toEqual({
      kind: 'state',
      id: 'd',
      download: DOWNLOAD,
      requestedAt: expect.closeTo(requestedAt, -2) as number,
    });
  });

  it.each(['changed', 'gone', 'free'] as const)('arrive when it is %s', (kind) => {
    expect(readNews(writeNews({ kind, id: 'd' }))).toEqual({ kind, id: 'd' });
  });

  it.each<[string, unknown]>([
    ['another kind', { ...STATE, kind: 'deleted' }],
    ['no kind', { id: 'd' }],
    ['no id', { kind: 'gone' }],
    ['an id that is none of Alfresco', { kind: 'gone', id: '../d' }],
    ['no download', { ...STATE, download: undefined }],
    ['another download', { ...STATE, download: { ...DOWNLOAD, id: 'e' } }],
    ['an unknown status', { ...STATE, download: { ...DOWNLOAD, status: 'FAILED' } }],
    ['a counter that is a text', { ...STATE, download: { ...DOWNLOAD, bytesAdded: '2' } }],
    ['no age', { ...STATE, ageMs: undefined }],
    ['an age that lies ahead', { ...STATE, ageMs: -1 }],
    ['null', null],
    ['a list', [STATE]],
  ])('are not believed with %s', (_what, message) => {
    expect(readNews(JSON.stringify(message))).toBeUndefined();
  });

  it.each(['', '{', 'nonsense'])('are not believed if they are no JSON: "%s"', (text) => {
    expect(readNews(text)).toBeUndefined();
  });
});
