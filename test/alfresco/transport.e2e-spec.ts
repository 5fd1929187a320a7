import { randomBytes } from 'node:crypto';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { RawAlfresco, type Respond, error } from '../harness/raw-alfresco.js';

const ZIP = randomBytes(2_000_000);
/** One connection for JSON, so that the next request reuses it if that is allowed. */
const VARIABLES = {
  // No login, which would be one more request.
  ALFRESCO_AUTH: 'basic',
  ALFRESCO_MAX_CONNECTIONS: '1',
  ALFRESCO_TIMEOUT_MS: '1000',
  ALFRESCO_IDLE_TIMEOUT_MS: '1200',
};
const CLOSE = 'Connection: close\r\n';

const it = test
  .extend('alfresco', async ({}, { onCleanup }) => {
    const alfresco = await RawAlfresco.start(ZIP);
    onCleanup(() => alfresco.close());
    return alfresco;
  })
  .extend('api', async ({ alfresco }, { onCleanup }) => {
    const pacing = { resume: { firstMs: 2, longestMs: 10 } };
    const bff = await startBff(alfresco.url, VARIABLES, { pacing });
    onCleanup(() => bff.close());
    return DownloadsApi.ofBff(bff.url);
  });

const create = (api: DownloadsApi) => api.create([SAMPLE_NODES.textFile]);
const connectionsOf = ({ requests }: RawAlfresco) => requests.map(({ connection }) => connection);

/** The first bytes of the usual response. The connection stays open. */
const short =
  (bytes: number, end?: string): Respond =>
  ({ headers: { range = 'bytes=0-' } }) => {
    const from = Number(/\d+/.exec(range)![0]);
    const status = from === 0 ? 200 : 206;
    const head = `HTTP/1.1 ${status} \r\nContent-Range: bytes ${from}-${ZIP.length - 1}/${ZIP.length}\r\nContent-Length: ${ZIP.length - from}\r\n\r\n`;
    return Buffer.concat([
      Buffer.from(head),
      ZIP.subarray(from, from + bytes),
      Buffer.from(end ?? ''),
    ]);
  };

describe('POST /downloads to Alfresco', () => {
  it('carries the length of its body, without which Alfresco rejects it', async ({
    alfresco,
    api,
  }) => {
    expect((await create(api)).status).toBe(202);
    const [request] = alfresco.requests;
    expect(request!.line).toMatch(/^POST \/alfresco\/.*\/downloads$/);
    expect(request!.headers).not.toHaveProperty('transfer-encoding');
    expect(request!.headers['content-length']).toBe(String(request!.body.length));
    expect(JSON.parse(request!.body)).toEqual({ nodeIds: [SAMPLE_NODES.textFile] });
  });
});

describe('a connection to Alfresco', () => {
  it('carries one JSON request after another', async ({ alfresco, api }) => {
    for (let count = 0; count < 3; count += 1) expect((await create(api)).status).toBe(202);
    expect(connectionsOf(alfresco)).toEqual([1, 1, 1]);
  });

  it.for([403, 404, 405, 409, 422])('is reused after a %i', async (status, { alfresco, api }) => {
    alfresco.nextResponses.push(() => error(status, 'No'));
    await create(api);
    expect((await create(api)).status).toBe(202);
    expect(connectionsOf(alfresco)).toEqual([1, 1]);
  });

  it.for<[number, string, string]>([
    [400, 'announces that it closes it', CLOSE],
    [500, 'announces that it closes it', CLOSE],
    [400, 'announces nothing, and leaves it open', ''],
    [413, 'announces nothing, and leaves it open', ''],
    [500, 'announces nothing, and leaves it open', ''],
    [503, 'announces nothing, and leaves it open', ''],
    [500, 'announces that it keeps it', 'Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n'],
  ])(
    'is not reused after a %i with which Alfresco %s',
    async ([status, , header], { alfresco, api }) => {
      expect((await create(api)).status).toBe(202);
      alfresco.nextResponses.push(() => error(status, 'No', header));
      expect((await create(api)).ok).toBe(false);
      expect((await create(api)).status).toBe(202);
      expect((await create(api)).status).toBe(202);
      expect(connectionsOf(alfresco)).toEqual([1, 1, 2, 2]);
      expect(alfresco.closed).toEqual([1]);
    },
  );

  it('is not reused after a response that is shorter than announced', async ({ alfresco, api }) => {
    alfresco.nextResponses.push(() => error(404, 'No').slice(0, -1));
    expect((await create(api)).status).toBe(504);
    expect((await create(api)).status).toBe(202);
    expect(connectionsOf(alfresco)).toEqual([1, 2]);
  });
});

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n';

/** The ZIP, or this many bytes of it, in chunks of this size, with chunk extensions and, at its end, a trailer. */
function chunked(size: number, bytes = ZIP.length): Respond {
  return () => {
    const parts: Buffer[] = [Buffer.from(`${OK}Transfer-Encoding: chunked\r\n\r\n`)];
    for (let at = 0; at < bytes; at += size) {
      const part = ZIP.subarray(at, Math.min(at + size, bytes));
      parts.push(
        Buffer.from(`${part.length.toString(16).toUpperCase()} ;a="b"\r\n`),
        part,
        Buffer.from('\r\n'),
      );
    }
    if (bytes === ZIP.length) parts.push(Buffer.from('0\r\nX-Trailer: 1\r\n\r\n'));
    return Buffer.concat(parts);
  };
}

/** The first bytes of the ZIP, delimited only by the end of the connection. */
function withoutLength(bytes: number): Respond {
  return () => Buffer.concat([Buffer.from(`${OK}\r\n`), ZIP.subarray(0, bytes)]);
}

describe('a connection for a ZIP', () => {
  it.for<[string, Respond[]]>([
    ['is whole', []],
    ['comes in small chunks that end early', [chunked(997, 500_000)]],
    ['has no length, and ends early', [withoutLength(1000)]],
    ['is short', [short(500_000)]],
    ['is short twice', [short(500_000), short(10)]],
    ['fails with a 500', [short(500_000), () => error(500, 'No')]],
    ['fails with a 503', [short(500_000), () => error(503, 'No')]],
  ])('serves one request, also when its response %s', async ([, script], { alfresco, api }) => {
    const { entry } = (await (await create(api)).json()) as { entry: { id: string } };
    alfresco.nextContentResponses.push(...script);
    const content = await api.content(entry.id);
    expect(content.equals(ZIP)).toBe(true);
    const transfers = alfresco.requests.filter(({ line }) => line.endsWith('/content'));
    expect(transfers).toHaveLength(script.length + 1);
    for (const { headers } of transfers) expect(headers.connection).toBe('close');
    expect(new Set(transfers.map(({ connection }) => connection)).size).toBe(transfers.length);
    // These connections carry only ZIPs, and the service closes them.
    expect((await create(api)).status).toBe(202);
    expect(alfresco.requests.at(-1)!.connection).toBe(1);
    const used = transfers.map(({ connection }) => connection);
    await until(
      () => used.every((connection) => alfresco.closed.includes(connection)),
      (areClosed) => areClosed,
    );
  });

  it.for<[string, Respond]>([
    ['in chunks', chunked(70_001)],
    ['without a length', withoutLength(ZIP.length)],
  ])('accepts one %s, since the node has its length', async ([, respond], { alfresco, api }) => {
    const { entry } = (await (await create(api)).json()) as { entry: { id: string } };
    alfresco.nextContentResponses.push(respond);
    const response = await api.request('GET', `/nodes/${entry.id}/content`);
    expect(response.headers.get('content-length')).toBe(String(ZIP.length));
    expect(Buffer.from(await response.arrayBuffer()).equals(ZIP)).toBe(true);
    const transfers = alfresco.requests.filter(({ line }) => line.endsWith('/content'));
    expect(transfers).toHaveLength(1);
  });

  it('responds with ALFRESCO_BAD_RESPONSE when the chunks are malformed', async ({
    alfresco,
    api,
  }) => {
    const { entry } = (await (await create(api)).json()) as { entry: { id: string } };
    alfresco.nextContentResponses.push(() => `${OK}Transfer-Encoding: chunked\r\n\r\nmany\r\n`);
    const response = await api.request('GET', `/nodes/${entry.id}/content`);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: 'ALFRESCO_BAD_RESPONSE' });
  });
});
