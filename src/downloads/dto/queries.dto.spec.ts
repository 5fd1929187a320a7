import fc from 'fast-check';
import type { Download } from '../../alfresco/download.js';
import { toDownloadEntry } from './download.dto.js';
import { DownloadQuery, ListQuery } from './queries.dto.js';
import { QueryCheck } from './checked-query.decorator.js';

const download: Download = {
  id: '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f',
  status: 'DONE',
  filesAdded: 2,
  bytesAdded: 26,
  totalFiles: 3,
  totalBytes: 39,
};

const check = new QueryCheck(DownloadQuery);

/** The entry that a caller gets for the value of the `fields` parameter. */
function entryFor(fields: unknown): unknown {
  return toDownloadEntry(download, check.of({ fields }).fields).entry;
}

describe('?fields=', () => {
  it.each<[string, unknown, Partial<Download>]>([
    ['one name', 'status', { status: 'DONE' }],
    ['several names', 'bytesAdded,totalBytes', { bytesAdded: 26, totalBytes: 39 }],
    ['names with blanks around', ' status ,  filesAdded', { status: 'DONE', filesAdded: 2 }],
    ['unknown names among known ones', 'nope,status,links', { status: 'DONE' }],
    ['a name given twice', 'status,status', { status: 'DONE' }],
    [
      'two parameters',
      ['status', 'id,totalFiles'],
      { status: 'DONE', id: download.id, totalFiles: 3 },
    ],
    ['a parameter that is no text among others', [{ a: 'id' }, 'status'], { status: 'DONE' }],
  ])('keeps only what was asked for, without forcing in the id: %s', (_what, fields, entry) => {
    expect(entryFor(fields)).toEqual(entry);
  });

  it.each([
    ['nothing', ''],
    ['only unknown names', 'nope'],
    ['names in another case', 'Status,ID'],
    ['names in brackets, which downloads do not have', '(id,status)'],
    ['the names of an object’s own members', 'constructor,__proto__,toString'],
  ])('leaves an empty entry for %s', (_what, fields) => {
    expect(entryFor(fields)).toEqual({});
  });

  it.each([
    ['is absent', undefined],
    ['is an object', { a: 'status' }],
  ])('is not applied when it %s', (_what, fields) => {
    expect(entryFor(fields)).toEqual(download);
  });
});

describe('any fields parameter', () => {
  const names = ['id', 'status', 'filesAdded', 'bytesAdded', 'totalFiles', 'totalBytes'] as const;
  const tokens = fc.oneof(
    fc.constantFrom(...names, ' id ', 'ID', '__proto__', 'constructor', ''),
    fc.string(),
  );

  it('selects exactly the members that it names, with their values', () => {
    fc.assert(
      fc.property(fc.array(tokens), (list) => {
        const text = list.join(',');
        const { entry } = toDownloadEntry(download, check.of({ fields: text }).fields);
        const wanted = new Set(text.split(',').map((name) => name.trim()));
        expect(new Set(Object.keys(entry))).toEqual(
          new Set(names.filter((name) => wanted.has(name))),
        );
        expect(download).toMatchObject(entry);
      }),
    );
  });
});

describe('a query', () => {
  const list = new QueryCheck(ListQuery);

  it('is ignored where the DTO does not know it', () => {
    expect(list.of({ include: 'path', constructor: '1' })).toBe(list.of({}));
    expect(list.of({})).toEqual({ skipCount: 0, maxItems: 100 });
  });

  it('is checked once, however often a client sends it', () => {
    const first = list.of({ maxItems: '5' });
    expect(first).toMatchObject({ skipCount: 0, maxItems: 5 });
    expect(list.of({ maxItems: '5' })).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
  });

  it('is not kept when it is long, since clients choose what is in it', () => {
    const fields = 'id,'.repeat(100);
    expect(list.of({ fields })).not.toBe(list.of({ fields }));
  });

  it('is rejected each time, with the last parameter that is wrong', () => {
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      expect(() => list.of({ skipCount: 'x', maxItems: '0' })).toThrow(
        expect.objectContaining({
          code: 'VALIDATION_FAILED',
          errors: [{ parameter: 'maxItems', detail: 'must be a whole number from 1 to 100' }],
        }),
      );
    }
  });
});
