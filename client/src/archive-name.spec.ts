import { archiveNameIn } from './archive-name.ts';

describe('the name in a Content-Disposition', () => {
  it.each([
    ['attachment; filename="archive.zip"', 'archive.zip'],
    [
      `attachment; filename="na?ve.zip"; filename*=UTF-8''na%C3%AFve%20%E6%97%A5.zip`,
      'naïve 日.zip',
    ],
    [`attachment; filename*=utf-8''%22a%22%3B.zip; filename="b.zip"`, '"a";.zip'],
    ['attachment; filename="a \\"b\\" \\\\ c; d.zip"', 'a "b" \\ c; d.zip'],
    [`attachment; filename="plain.zip"; filename*=UTF-8''%ff.zip`, 'plain.zip'],
    ['attachment', undefined],
    ['', undefined],
  ])('%s', (disposition, name) => {
    expect(archiveNameIn(disposition)).toBe(name);
  });
});
