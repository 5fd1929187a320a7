import { createHash } from 'node:crypto';
import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { basic, CORE, TestClient } from './testing/test-client.ts';

const SIZE = 100;

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

  it('derives the ETag and Last-Modified of a ZIP from the last change of its node', async () => {
    const id = await client.create([ID.textFile, ID.secondTextFile]);
    await client.waitFor(id, 'DONE');
    const modified = new Date((await client.call('GET', `/nodes/${id}`)).json.entry.modifiedAt);
    const { headers } = await client.call('GET', `/nodes/${id}/content`);
    expect(headers.get('etag')).toBe(`"${modified.getTime()}"`);
    expect(headers.get('last-modified')).toBe(modified.toUTCString());
  });

  it('sends ordinary documents with their type, and the same bytes of a generated one every time', async () => {
    const pdf = await client.call('GET', `/nodes/${ID.reportPdf}/content`);
    expect(pdf.headers.get('content-type')).toBe('application/pdf;charset=UTF-8');
    expect(pdf.text).toMatch(/^%PDF-1\.4/);
    expect(createHash('sha256').update(whole, 'latin1').digest('hex')).toBe(
      createHash('sha256')
        .update((await client.rawGet(path)).body, 'latin1')
        .digest('hex'),
    );
  });

  it('describes the range of an empty file as 0--1/0', async () => {
    const { headers } = await client.call('GET', `/nodes/${ID.emptyFile}/content`);
    expect(headers.get('content-range')).toBe('bytes 0--1/0');
    expect(headers.get('content-length')).toBe('0');
  });

  describe('with a range', () => {
    it('accepts a plus sign before a number', async () => {
      const { head, body } = await getRange('bytes=+1-2');
      expect(head).toContain('\r\nContent-Range: bytes 1-2/100\r\n');
      expect(body).toBe(whole.slice(1, 3));
    });

    it.each(['bytes=10', 'bytes=1 -5', 'bytes=1- 5', 'bytes=5--3', 'bytes=0-4,x'])(
      'responds to %s with 416, a quoted star, the full length and no bytes',
      async (range) => {
        const { head, body } = await getRange(range);
        expect(head).toMatch(/^HTTP\/1\.1 416 /);
        expect(head).toContain('\r\nContent-Range: "*"\r\n');
        expect(head).toContain('\r\nContent-Length: 100');
        expect(body).toBe('');
      },
    );

    it.each(['0-4', ''])('ignores "%s", which has no more than 6 characters', async (range) => {
      const { head, body } = await getRange(range);
      expect(head).toMatch(/^HTTP\/1\.1 200 /);
      expect(body).toBe(whole);
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

    it.each([
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
    ])('responds with 304 to %s, before evaluating the range', async (value) => {
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
  });

  describe('as to Content-Disposition', () => {
    it('replaces double quotes but escapes nothing else', async () => {
      expect(await disposition(ID.quotedFile)).toBe(
        `attachment; filename="Report  final  100%; v1'.txt"; filename*=UTF-8''Report%20%22final%22%20100%25%3b%20v1%27.txt`,
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
    [403, ID.forbiddenFile, 'Permission was denied'],
    [404, ID.missingContentFile, 'Unable to locate content for node ref'],
  ])('responds with %i to %s', async (status, id, summary) => {
    const response = await client.call('GET', `/nodes/${id}/content`);
    expect(response.status).toBe(status);
    expect(response.json.error.briefSummary).toContain(summary);
  });

  it('ends the body short of Content-Length when the store fails, and keeps the connection', async () => {
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
