import { parseDownload, parseDownloadNode } from './download.js';

const ID = '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f';

const ENTRY = {
  filesAdded: 2,
  bytesAdded: 26,
  totalBytes: 39,
  id: ID,
  totalFiles: 3,
  status: 'IN_PROGRESS',
};

const NODE = {
  id: ID,
  name: 'archive.zip',
  nodeType: 'download:download',
  isFile: true,
  isFolder: false,
  parentId: 'downloads_container',
  createdAt: '2026-11-24T01:00:11.000+0000',
  modifiedAt: '2026-11-24T01:00:14.000+0000',
  content: { mimeType: 'application/octet-stream', sizeInBytes: 412, encoding: 'UTF-8' },
  properties: { 'download:status': 'DONE', 'download:done': 26, 'download:cancelled': false },
};

function response(entry: unknown, status = 200) {
  return { status, body: { entry } };
}

function without(entry: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entry).filter(([key]) => key !== name));
}

const badResponse = expect.objectContaining({ code: 'ALFRESCO_BAD_RESPONSE', status: 502 });

const BODIES_WITHOUT_ENTRY: [string, unknown][] = [
  ['no JSON', undefined],
  ['null', null],
  ['a text', 'DONE'],
  ['a list', [{ entry: ENTRY }]],
  ['an object without entry', {}],
  ['an entry of null', { entry: null }],
  ['an entry that is a list', { entry: [ENTRY] }],
  ['a collection', { list: { entries: [{ entry: ENTRY }] } }],
];

describe('a download as Alfresco reports it', () => {
  it('is read with its six members', () => {
    expect(parseDownload(response(ENTRY), ID)).toEqual({
      id: ID,
      status: 'IN_PROGRESS',
      filesAdded: 2,
      bytesAdded: 26,
      totalFiles: 3,
      totalBytes: 39,
    });
  });

  it('is read without members that later versions may add', () => {
    expect(parseDownload(response({ ...ENTRY, owner: 'alice' }), ID)).not.toHaveProperty('owner');
  });

  it.each(['PENDING', 'IN_PROGRESS', 'DONE', 'MAX_CONTENT_SIZE_EXCEEDED', 'CANCELLED'])(
    'may be %s',
    (status) => {
      expect(parseDownload(response({ ...ENTRY, status }), ID).status).toBe(status);
    },
  );

  it('may hold zeros and counters beyond 32 bits', () => {
    const entry = { ...ENTRY, filesAdded: 0, totalBytes: 5_368_709_120 };
    expect(parseDownload(response(entry), ID)).toMatchObject({
      filesAdded: 0,
      totalBytes: 5_368_709_120,
    });
  });

  it('may hold the largest exact integer', () => {
    const entry = { ...ENTRY, totalBytes: 9_007_199_254_740_991 };
    expect(parseDownload(response(entry), ID).totalBytes).toBe(9_007_199_254_740_991);
  });

  it('may have its id in another case than was asked for', () => {
    expect(parseDownload(response(ENTRY), ID.toUpperCase()).id).toBe(ID);
  });

  it('has any id when none was asked for', () => {
    expect(parseDownload(response({ ...ENTRY, id: 'APP.DEFAULT' }, 202)).id).toBe('APP.DEFAULT');
  });

  it.each(BODIES_WITHOUT_ENTRY)('is not taken from %s', (_what, body) => {
    expect(() => parseDownload({ status: 200, body }, ID)).toThrow(badResponse);
  });

  it.each(['id', 'status', 'filesAdded', 'bytesAdded', 'totalFiles', 'totalBytes'])(
    'is not taken without %s',
    (name) => {
      expect(() => parseDownload(response(without(ENTRY, name)), ID)).toThrow(badResponse);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['an unknown status', { status: 'FAILED' }],
    ['a status in another case', { status: 'done' }],
    ['a status that is no text', { status: 2 }],
    ['a counter that is a text', { filesAdded: '2' }],
    ['a counter of null', { bytesAdded: null }],
    ['a negative counter', { totalBytes: -1 }],
    ['a counter beyond every number', { totalFiles: Infinity }],
    ['a counter that is not a number', { totalFiles: NaN }],
    ['a fraction of a file added', { filesAdded: 1.5 }],
    ['a fraction of a byte added', { bytesAdded: 1.5 }],
    ['a fraction of all files', { totalFiles: 1.5 }],
    ['a fraction of all bytes', { totalBytes: 1.5 }],
    ['a counter of files added that no integer can hold', { filesAdded: 1e300 }],
    ['a counter of bytes added that no integer can hold', { bytesAdded: 1e300 }],
    ['a counter of all files that no integer can hold', { totalFiles: 1e300 }],
    ['a counter of all bytes that no integer can hold', { totalBytes: 1e300 }],
    ['a counter one beyond exact integers', { totalBytes: 9_007_199_254_740_992 }],
    ['the id of another download', { id: 'c8bb482a-ff3c-4704-a3a3-de1c83ccd84c' }],
    ['an id that is a number', { id: 5 }],
    ['an id that is a path', { id: '../nodes/-root-' }],
    ['an empty id', { id: '' }],
  ])('is not taken with %s', (_what, change) => {
    expect(() => parseDownload(response({ ...ENTRY, ...change }), ID)).toThrow(badResponse);
  });

  it('is not taken with an unusable id when none was asked for', () => {
    expect(() => parseDownload(response({ ...ENTRY, id: 'a/b' }, 202))).toThrow(badResponse);
  });
});

describe('the node of a download', () => {
  it('is read with what serves its content', () => {
    expect(parseDownloadNode(response(NODE), ID)).toEqual({
      id: ID,
      status: 'DONE',
      name: 'archive.zip',
      createdAt: 1_795_482_011_000,
      modifiedAt: 1_795_482_014_000,
      size: 412,
    });
  });

  it.each([
    ['2026-11-24T01:00:14.000+0000', 1_795_482_014_000],
    ['2026-11-24T01:00:14.250+0000', 1_795_482_014_250],
    ['2026-11-24T02:00:14.000+0100', 1_795_482_014_000],
    ['2026-11-23T19:30:14.000-0530', 1_795_482_014_000],
    ['2026-11-24T01:00:14.000Z', 1_795_482_014_000],
  ])('changed at %s', (modifiedAt, expected) => {
    expect(parseDownloadNode(response({ ...NODE, modifiedAt }), ID).modifiedAt).toBe(expected);
  });

  it.each(['PENDING', 'IN_PROGRESS', 'MAX_CONTENT_SIZE_EXCEEDED', 'CANCELLED'])(
    'has no content to serve while or when it is %s',
    (status) => {
      const node = { ...without(NODE, 'content'), properties: { 'download:status': status } };
      const parsed = parseDownloadNode(response(node), ID);
      expect(parsed.status).toBe(status);
      expect(parsed).not.toHaveProperty('size');
    },
  );

  it('may lack a name', () => {
    expect(parseDownloadNode(response(without(NODE, 'name')), ID).name).toBe('');
  });

  it.each(['cm:content', 'cm:folder', 'download:downloads'])(
    'is not a download when its type is %s',
    (nodeType) => {
      expect(() => parseDownloadNode(response({ ...NODE, nodeType }), ID)).toThrow(
        expect.objectContaining({ code: 'NOT_A_DOWNLOAD', status: 400 }),
      );
    },
  );

  it.each(BODIES_WITHOUT_ENTRY)('is not taken from %s', (_what, body) => {
    expect(() => parseDownloadNode({ status: 200, body }, ID)).toThrow(badResponse);
  });

  it.each(['id', 'nodeType', 'createdAt', 'modifiedAt', 'properties', 'content'])(
    'is not taken without %s',
    (name) => {
      expect(() => parseDownloadNode(response(without(NODE, name)), ID)).toThrow(badResponse);
    },
  );

  it.each<[string, Record<string, unknown>]>([
    ['the id of another node', { id: 'c8bb482a-ff3c-4704-a3a3-de1c83ccd84c' }],
    ['the id of another node of another type', { id: 'a', nodeType: 'cm:content' }],
    ['a type that is a number', { nodeType: 1 }],
    ['a date that is none', { modifiedAt: 'yesterday' }],
    ['a date that is a number', { modifiedAt: 1_795_482_014_000 }],
    ['a size that is a text', { content: { sizeInBytes: '412' } }],
    ['a negative size', { content: { sizeInBytes: -1 } }],
    ['a size with a fraction', { content: { sizeInBytes: 1.5 } }],
    ['a size that no integer can hold', { content: { sizeInBytes: 1e300 } }],
    ['content of null', { content: null }],
    ['an unknown status', { properties: { 'download:status': 'FAILED' } }],
    ['properties of null', { properties: null }],
  ])('is not taken with %s', (_what, change) => {
    expect(() => parseDownloadNode(response({ ...NODE, ...change }), ID)).toThrow(badResponse);
  });
});
