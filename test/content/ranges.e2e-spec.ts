import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { it } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { requirePrograms } from '../harness/programs.js';

const run = promisify(execFile);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let shared: DownloadsApi;
let id: string;
let zip: Buffer;
let etag: string;
let lastModified: string;

// The tests only read, so one ZIP is enough for all of them.
it.beforeAll(async ({ bff }) => {
  shared = DownloadsApi.ofBff(bff.url);
  id = await shared.createFinished([SAMPLE_NODES.nestedFolder]);
  const response = await shared.request('GET', `/downloads/${id}/content`);
  zip = Buffer.from(await response.arrayBuffer());
  etag = response.headers.get('etag')!;
  lastModified = response.headers.get('last-modified')!;
});
// A range request that hangs at Alfresco would leave its connection open.
it.afterEach(({ sandbox }) =>
  until(
    () => sandbox.activeResponses,
    (count) => count === 0,
  ),
);

const get = (headers: Record<string, string>, method = 'GET') =>
  shared.request(method, `/downloads/${id}/content`, { headers });

type Headers = () => Record<string, string>;
const range =
  (value: string): Headers =>
  () => ({ range: value });

describe('GET with a satisfiable range responds with exactly its bytes', () => {
  it.for<[string, () => string, (size: number) => [number, number]]>([
    ['0-0', () => '0-0', () => [0, 0]],
    ['10-19', () => '10-19', () => [10, 19]],
    ['90-', () => '90-', (size) => [90, size - 1]],
    ['-10', () => '-10', (size) => [size - 10, size - 1]],
    ['90-999999', () => '90-999999', (size) => [90, size - 1]],
    ['the last byte', () => `${zip.length - 1}-`, (size) => [size - 1, size - 1]],
    ['0-', () => '0-', (size) => [0, size - 1]],
    ['a suffix longer than the content', () => '-99999999', (size) => [0, size - 1]],
    ['an end beyond 2^53', () => '5-99999999999999999999', (size) => [5, size - 1]],
  ])('%s', async ([, value, expected]) => {
    const [start, end] = expected(zip.length);
    const response = await get({ range: `bytes=${value()}` });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${zip.length}`);
    expect(response.headers.get('content-length')).toBe(String(end - start + 1));
    expect(response.headers.get('etag')).toBe(etag);
    expect(response.headers.get('content-type')).toBe('application/zip');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(zip.subarray(start, end + 1));
  });
});

describe('GET with an invalid range, or several, responds with the whole ZIP', () => {
  it.for<[string, Headers]>([
    ['abc', range('abc')],
    ['bytes=abc', range('bytes=abc')],
    ['a lone dash', range('bytes=-')],
    ['no value', range('bytes=')],
    ['another unit', range('lines=0-9')],
    ['two ranges', range('bytes=0-4,10-14')],
    ['two ranges, one of them wrong', range('bytes=0-4,x')],
    ['a blank inside', range('bytes=1 0-20')],
    ['a negative start', range('bytes=--5')],
    ['Content-Range as a request header', () => ({ 'content-range': 'bytes=1-10' })],
    ['If-Range with another tag', () => ({ range: 'bytes=0-4', 'if-range': '"other"' })],
    ['If-Range with a weak tag', () => ({ range: 'bytes=0-4', 'if-range': `W/${etag}` })],
    [
      'If-Range with an old date',
      () => ({ range: 'bytes=0-4', 'if-range': new Date(0).toUTCString() }),
    ],
    ['If-Range with nonsense', () => ({ range: 'bytes=0-4', 'if-range': 'yesterday' })],
  ])('%s', async ([, headers]) => {
    const response = await get(headers());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-range')).toBeNull();
    expect(response.headers.get('content-length')).toBe(String(zip.length));
    expect(Buffer.from(await response.arrayBuffer())).toEqual(zip);
  });
});

describe('GET with a range outside of the content', () => {
  it.for<[string, () => string]>([
    ['200-300 of 100', () => `bytes=${2 * zip.length}-${3 * zip.length}`],
    ['the byte after the last', () => `bytes=${zip.length}-`],
    ['-0', () => 'bytes=-0'],
    ['an end before the start', () => 'bytes=20-10'],
  ])('responds with 416, the size and a problem document: %s', async ([, value]) => {
    const response = await get({ range: value() });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${zip.length}`);
    expect(await response.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE', status: 416 });
  });

  it('responds with the whole ZIP when If-Range names another version', async () => {
    const response = await get({ range: `bytes=${zip.length}-`, 'if-range': '"other"' });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  });
});

describe('If-Range', () => {
  it('with the current tag gets the range', async () => {
    const response = await get({ range: 'bytes=0-4', 'if-range': etag });
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(zip.subarray(0, 5));
  });
});

describe('GET and HEAD with conditions', () => {
  const future = new Date(Date.now() + 3_600_000).toUTCString();
  const past = new Date(0).toUTCString();

  it.for<[string, Headers, number]>([
    ['If-None-Match with the current tag', () => ({ 'if-none-match': etag }), 304],
    ['If-None-Match with its weak form', () => ({ 'if-none-match': `W/${etag}` }), 304],
    ['If-None-Match with a list', () => ({ 'if-none-match': `"a", ${etag}, "b"` }), 304],
    ['If-None-Match: *', () => ({ 'if-none-match': '*' }), 304],
    ['If-None-Match and Range', () => ({ 'if-none-match': etag, range: 'bytes=0-4' }), 304],
    ['If-None-Match with another tag', () => ({ 'if-none-match': '"other"' }), 200],
    [
      'If-None-Match wins over the date',
      () => ({ 'if-none-match': '"other"', 'if-modified-since': future }),
      200,
    ],
    ['If-Modified-Since later', () => ({ 'if-modified-since': future }), 304],
    ['If-Modified-Since the same', () => ({ 'if-modified-since': lastModified }), 304],
    ['If-Modified-Since earlier', () => ({ 'if-modified-since': past }), 200],
    ['If-Modified-Since with nonsense', () => ({ 'if-modified-since': 'tomorrow' }), 200],
    ['If-Match with the current tag', () => ({ 'if-match': etag }), 200],
    ['If-Match: *', () => ({ 'if-match': '*' }), 200],
    ['If-Match with another tag', () => ({ 'if-match': '"other"' }), 412],
    ['If-Match with a weak tag', () => ({ 'if-match': `W/${etag}` }), 412],
    ['If-Unmodified-Since later', () => ({ 'if-unmodified-since': future }), 200],
    ['If-Unmodified-Since earlier', () => ({ 'if-unmodified-since': past }), 412],
  ])('%s: %i', async ([, headers, status]) => {
    for (const method of ['GET', 'HEAD']) {
      const response = await get(headers(), method);
      const body = Buffer.from(await response.arrayBuffer());
      expect(response.status).toBe(status);
      if (status === 412) {
        if (method === 'GET')
          expect(JSON.parse(body.toString())).toMatchObject({ code: 'PRECONDITION_FAILED' });
        continue;
      }
      expect(response.headers.get('etag')).toBe(etag);
      expect(body).toEqual(status === 200 && method === 'GET' ? zip : Buffer.alloc(0));
    }
  });
});

describe('HEAD', () => {
  const ranges = [
    '0-0',
    '10-19',
    '90-',
    '-10',
    '-0',
    '90-999999',
    '20000-30000',
    '20-10',
    'abc',
    '0-4,10-14',
  ];

  it.for(['', ...ranges])(
    'responds as GET does without a range, whatever the range: %j',
    async (value, { sandbox }) => {
      const response = await get(value ? { range: `bytes=${value}` } : {}, 'HEAD');
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe(String(zip.length));
      expect(response.headers.get('content-range')).toBeNull();
      expect(response.headers.get('accept-ranges')).toBe('bytes');
      expect(response.headers.get('etag')).toBe(etag);
      expect((await response.arrayBuffer()).byteLength).toBe(0);
      // Alfresco responds to HEAD with 405, and would copy the whole ZIP for a GET.
      expect(
        sandbox.requests.map(({ method, url }) => `${method} ${url.split('/').at(-1)}`),
      ).toEqual([`GET ${id}`]);
    },
  );
});

describe('the content request to Alfresco', () => {
  it('has a single range within the content, or none, and is never conditional', async ({
    sandbox,
  }) => {
    for (const value of ['bytes=-10', 'bytes=90-999999', 'bytes=0-4,10-14', 'lines=1-2']) {
      const response = await get({
        range: value,
        'content-range': 'bytes=0-1',
        'if-modified-since': new Date(0).toUTCString(),
      });
      await response.arrayBuffer();
    }
    const sent = sandbox.requests
      .filter(({ url }) => url.endsWith('/content'))
      .map(({ headers }) => headers);
    expect(sent.map((headers) => headers.range)).toEqual([
      `bytes=${zip.length - 10}-${zip.length - 1}`,
      `bytes=90-${zip.length - 1}`,
      undefined,
      undefined,
    ]);
    for (const headers of sent) {
      expect(Object.keys(headers).toSorted()).toEqual(
        expect.not.arrayContaining(['content-range', 'if-modified-since', 'if-range', 'cookie']),
      );
    }
  });
});

describe('curl -C -', () => {
  it('resumes a transfer that broke off, to an identical file', async ({
    api,
    bff,
    user,
    skip,
  }) => {
    requirePrograms({ skip }, 'curl');
    const directory = await mkdtemp(join(tmpdir(), 'curl-resume-'));
    try {
      const medium = await api.createFinished([SAMPLE_NODES.mediumFile]);
      const whole = await api.content(medium);
      const file = join(directory, 'medium.zip');
      await writeFile(file, whole);
      await truncate(file, 7_654_321);
      const { name, password } = user;
      const url = `${bff.url}/downloads/${medium}/content`;
      await run('curl', ['-sf', '-u', `${name}:${password}`, '-C', '-', '-o', file, url]);
      expect(sha256(await readFile(file))).toBe(sha256(whole));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
