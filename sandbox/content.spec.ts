import { createHash } from 'node:crypto';
import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { basic, CORE, TestClient } from './testing/test.client.ts';

const SIZE = 100;
const BOUNDARY = '<ALF4558907921887235966L>';

const lengthOf = (head: string): number => Number(/Content-Length: (\d+)/.exec(head)?.[1]);

describe('GET /nodes/{id}/content', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  /** The bytes of a file of 100 bytes, as Latin-1. */
  let whole: string;
  const path = `/nodes/${ID.largeFile}/content`;
  const getRange = (range: string, headers: Record<string, string> = {}) =>
    client.rawGet(path, { 'User-Agent': 'test', Range: range, ...headers });

  const since = (value: string, id: string = ID.textFile) =>
    client.rawGet(`/nodes/${id}/content`, { 'If-Modified-Since': value, Range: 'bytes=0-4' });
  const disposition = async (id: string, query = '', headers: Record<string, string> = {}) => {
    const { head } = await client.rawGet(`/nodes/${id}/content${query}`, headers);
    return /\r\nContent-Disposition: (.*)\r\n/.exec(head)?.[1];
  };

  beforeAll(async () => {
    sandbox = await startSandbox({ largeFileBytes: SIZE, estimateDelayMs: 0 });
    client = new TestClient(sandbox);
    whole = (await client.rawGet(path)).body;
  });
  afterAll(() => sandbox.close());

  it('sends a finished ZIP with the headers of ContentStreamer, blank for blank', async () => {
    const id = await client.create([ID.textFile, ID.secondTextFile]);
    await client.waitFor(id, 'DONE');
    const { modifiedAt, content } = (await client.call('GET', `/nodes/${id}`)).json.entry;
    const modified = new Date(modifiedAt);
    const { head, body } = await client.rawGet(`/nodes/${id}/content`);
    const size = content.sizeInBytes;
    expect(body).toHaveLength(size);
    const [statusLine, ...lines] = head.split('\r\n');
    expect(statusLine).toBe('HTTP/1.1 200 OK');
    expect(
      lines.filter((line) => !/^(?:Date|Connection|Keep-Alive):/.test(line)).toSorted(),
    ).toEqual([
      'Accept-Ranges: bytes',
      'Cache-Control:  max-age=0,  must-revalidate',
      `Content-Disposition: attachment; filename="archive.zip"; filename*=UTF-8''archive.zip`,
      'Content-Language: en-US',
      `Content-Length: ${size}`,
      `Content-Range: bytes 0-${size - 1}/${size}`,
      'Content-Type: application/octet-stream;charset=UTF-8',
      `ETag: "${modified.getTime()}"`,
      'Expires: Thu, 01 Jan 1970 00:00:00 GMT',
      `Last-Modified: ${modified.toUTCString()}`,
      'Pragma: no-cache',
      'X-Frame-Options: SAMEORIGIN',
    ]);
  });

  it('sends ordinary documents with their type, and generated ones always alike', async () => {
    const pdf = await client.call('GET', `/nodes/${ID.reportPdf}/content`);
    expect(pdf.headers.get('content-type')).toBe('application/pdf;charset=UTF-8');
    expect(pdf.text).toMatch(/^%PDF-1\.4/);
    expect(createHash('sha256').update(whole, 'latin1').digest('hex')).toBe(
      createHash('sha256')
        .update((await client.rawGet(path)).body, 'latin1')
        .digest('hex'),
    );
  });

  it('says 0--1/0 of an empty file', async () => {
    const { headers } = await client.call('GET', `/nodes/${ID.emptyFile}/content`);
    expect(headers.get('content-range')).toBe('bytes 0--1/0');
    expect(headers.get('content-length')).toBe('0');
  });

  describe('with a range', () => {
    it.each([
      ['bytes=10-19', 'bytes 10-19/100', 10, [10, 20]],
      ['bytes=90-', 'bytes 90-99/100', 10, [90, 100]],
      ['bytes=-10', 'bytes 0-10/100', 11, [0, 11]],
      ['bytes=-', 'bytes 0-99/100', 100, [0, 100]],
      ['bytes=90-999', 'bytes 90-999/100', 910, [90, 100]],
      ['bytes=200-300', 'bytes 200-300/100', 101, [0, 0]],
      ['bytes=0-4/100', 'bytes 0-4/100', 5, [0, 5]],
      ['pages=0-4', 'bytes 0-4/100', 5, [0, 5]],
      ['bytes=+1-2', 'bytes 1-2/100', 2, [1, 3]],
    ])(
      '%s answers 206 %s, promises %i bytes and leaves the connection open',
      async (range, contentRange, length, slice) => {
        const { head, body } = await getRange(range);
        expect(head).toMatch(/^HTTP\/1\.1 206 /);
        expect(head).toContain(`\r\nContent-Range: ${contentRange}\r\n`);
        expect(head).toContain(`\r\nContent-Length: ${length}`);
        expect(head).toContain('\r\nCache-Control: no-cache\r\n');
        expect(head).toContain('\r\nAccept-Ranges: bytes\r\n');
        expect(head).toContain('\r\nContent-Type: application/octet-stream;charset=UTF-8\r\n');
        expect(head).not.toMatch(/ETag|Last-Modified/);
        expect(body).toBe(whole.slice(...(slice as [number, number])));
      },
    );

    it.each([
      'bytes=100-',
      'bytes=20-10',
      'bytes=10',
      'bytes=a-b',
      'bytes=1 -5',
      'bytes=1- 5',
      'bytes=5--3',
      'bytes=0-4,x',
    ])('%s answers 416 with a quoted star, the full length and no bytes', async (range) => {
      const { head, body } = await getRange(range);
      expect(head).toMatch(/^HTTP\/1\.1 416 /);
      expect(head).toContain('\r\nContent-Range: "*"\r\n');
      expect(head).toContain('\r\nContent-Length: 100');
      expect(body).toBe('');
    });

    it.each(['bytes=', '0-4', ''])(
      'ignores "%s", which has no more than 6 characters',
      async (range) => {
        const { head, body } = await getRange(range);
        expect(head).toMatch(/^HTTP\/1\.1 200 /);
        expect(body).toBe(whole);
      },
    );

    it('counts the parts of several ranges but sends only their bytes', async () => {
      const { head, body } = await getRange('bytes=0-4,10-14');
      expect(head).toMatch(/^HTTP\/1\.1 206 /);
      expect(head).toContain(`\r\nContent-Type: multipart/byteranges; boundary=${BOUNDARY}\r\n`);
      expect(head).not.toContain('Content-Range');
      expect(body).toBe(whole.slice(0, 5) + whole.slice(10, 15));
      const part = (range: string): number =>
        `--${BOUNDARY}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${range}/100\r\n\r\n12345\r\n`
          .length;
      const length = part('0-4') + part('10-14') + `--${BOUNDARY}--\r\n`.length;
      expect(head).toContain(`\r\nContent-Length: ${length}`);
    });

    it('merges adjacent and overlapping ranges only for Internet Explorer and clients without a name', async () => {
      const range = 'bytes=5-9,0-4,8-12';
      const named = await getRange(range);
      const explorer = await getRange(range, { 'User-Agent': 'MSIE 10' });
      const nameless = await client.rawGet(path, { Range: range });
      expect(named.body).toBe(whole.slice(5, 10) + whole.slice(0, 5) + whole.slice(8, 13));
      expect(explorer.body).toBe(whole.slice(0, 13));
      expect(nameless.body).toBe(whole.slice(0, 13));
      expect(lengthOf(explorer.head)).toBeLessThan(lengthOf(named.head));
    });

    it('heeds a Content-Range request header before Range', async () => {
      const { head } = await getRange('bytes=0-4', { 'Content-Range': 'bytes=10-19' });
      expect(head).toContain('\r\nContent-Range: bytes 10-19/100\r\n');
    });

    it.each([
      ['If-Range', '"0"'],
      ['If-Match', '"0"'],
      ['If-Unmodified-Since', 'Thu, 01 Jan 1970 00:00:01 GMT'],
    ])('never reads %s', async (name, value) => {
      expect((await getRange('bytes=0-4', { [name]: value })).head).toMatch(/^HTTP\/1\.1 206 /);
    });
  });

  describe('with If-Modified-Since', () => {
    it.each([
      'Thu, 15 Jan 2026 09:30:00 GMT',
      'Thu, 15 Jan 2026 10:30:00 +0100',
      'Fri, 16 Jan 2026 00:00:00 GMT',
    ])('answers 304 to %s, before the range is looked at', async (value) => {
      const { head, body } = await since(value);
      expect(head).toMatch(/^HTTP\/1\.1 304 /);
      expect(head).toContain('Cache-Control: no-cache');
      expect(head).not.toMatch(/ETag|Last-Modified|Content-Disposition/);
      expect(body).toBe('');
    });

    it.each([
      'Thu, 15 Jan 2026 09:29:59 GMT',
      '2026-01-16',
      'yesterday',
      'Thu, 01 Jan 1970 00:00:00 GMT',
    ])('sends the content to %s', async (value) => {
      expect((await since(value)).head).toMatch(/^HTTP\/1\.1 206 /);
    });

    it('answers 304 even for a download that has no content yet', async () => {
      sandbox.bytesPerSecond = 0;
      const id = await client.create([ID.textFile]);
      const { head } = await since(new Date(Date.now() + 3_600_000).toUTCString(), id);
      sandbox.bytesPerSecond = undefined;
      expect(head).toMatch(/^HTTP\/1\.1 304 /);
    });
  });

  describe('as to Content-Disposition', () => {
    it('sends Latin-1 as raw bytes and blanks for what lies beyond', async () => {
      expect(await disposition(ID.unicodeFile)).toBe(
        `attachment; filename="na\u00efve${' '.repeat(9)}.txt"; filename*=UTF-8''na%C3%AFve%20%E6%97%A5%E6%9C%AC%20%D0%BE%D1%82%D1%87%D1%91%D1%82.txt`,
      );
    });

    it('replaces double quotes but escapes nothing else', async () => {
      expect(await disposition(ID.quotedFile)).toBe(
        `attachment; filename="Report  final  100%; v1'.txt"; filename*=UTF-8''Report%20%22final%22%20100%25%3B%20v1%27.txt`,
      );
    });

    it('forgets the closing quote for old versions of Internet Explorer', async () => {
      expect(await disposition(ID.textFile, '', { 'User-Agent': 'Mozilla/4.0 (MSIE 8.0)' })).toBe(
        'attachment; filename="docTest1.txt',
      );
    });

    it('drops it for attachment=false and types that may be shown, such as ZIPs', async () => {
      expect(await disposition(ID.largeFile, '?attachment=false')).toBeUndefined();
      expect(await disposition(ID.reportPdf, '?attachment=no')).toBeUndefined();
      expect(await disposition(ID.reportPdf, '?attachment=TRUE')).toBeDefined();
      expect(await disposition(ID.textFile, '?attachment=false')).toBeDefined();
    });
  });

  it.each([
    [404, 'nope', 'was not found'],
    [400, ID.nestedFolder, `NodeId of content is expected: ${ID.nestedFolder}`],
    [403, ID.forbiddenFile, 'Permission was denied'],
    [404, ID.missingContentFile, 'Unable to locate content for node ref'],
    [404, '-root-', 'was not found'],
  ])('answers %i to %s', async (status, id, summary) => {
    const answer = await client.call('GET', `/nodes/${id}/content`);
    expect(answer.status).toBe(status);
    expect(answer.json.error.briefSummary).toContain(summary);
  });

  it('answers HEAD with 405, JSON headers and no body, before it asks for credentials', async () => {
    const head = await client.raw(
      `HEAD /alfresco${CORE}${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(head).toMatch(/^HTTP\/1\.1 405 /);
    expect(head).toContain('Content-Type: application/json;charset=UTF-8');
    expect(head).toMatch(/\r\n\r\n$/);
  });

  it('ends the body early under its full length when the store fails, and keeps the connection', async () => {
    const { head, body } = await client.rawGet(`/nodes/${ID.crashingFile}/content`);
    expect(head).toContain('\r\nContent-Length: 1000000\r\n');
    expect(body).toHaveLength(500_000);
  });

  it('reads only as fast as the client does', async () => {
    const controller = new AbortController();
    sandbox.clearRequests();
    const response = await fetch(`${sandbox.url}${CORE}/nodes/${ID.mediumFile}/content`, {
      headers: { authorization: basic('alice') },
      signal: controller.signal,
    });
    expect(response.status).toBe(200);
    expect(sandbox.activeResponses).toBe(1);
    controller.abort();
    await vi.waitFor(() => expect(sandbox.activeResponses).toBe(0));
    await vi.waitFor(() => expect(sandbox.requests[0]?.aborted).toBe(true));
    expect(sandbox.requests[0]?.bytesSent).toBeLessThan(20_000_000);
  });
});
