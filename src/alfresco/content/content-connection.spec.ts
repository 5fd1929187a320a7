import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { UpstreamRequest, UpstreamResponse } from '../http/upstream-call.js';
import { requestOf } from '../http/upstream.fixture.js';
import { codeOf } from '../http/transport-failure.js';
import { ContentConnection, FAST_AFTER } from './content-connection.js';
import { LARGE_READ, SMALL_READ } from './read-buffers.js';

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 251));
const head = (length: number, more = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\nContent-Type: application/zip\r\n${more}\r\n`;
const IDLE_MS = 100;

let server: Server;
/** What was heard, and what is done about it once the head of the request is there. */
let heard: string;
let respond: (socket: Socket) => unknown;
let sockets: Socket[];
let origin: URL;

beforeEach(async () => {
  heard = '';
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      heard += data.toString('latin1');
      if (heard.endsWith('\r\n\r\n')) respond(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

function open(
  request: Partial<UpstreamRequest> = {},
  idleTimeoutMs = 10_000,
): Promise<UpstreamResponse<Readable>> {
  return ContentConnection.open(
    requestOf({ path: '/zip', headers: { Accept: '*/*' }, isStream: true, ...request }),
    { origin, connector: { timeout: 1000 }, idleTimeoutMs },
  );
}

/** With or without an error: the other side may have left something unread. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

/** Bytes outside of the heap, without garbage: it is swept beside the program. */
async function bytesHeld(): Promise<number> {
  setFlagsFromString('--expose-gc');
  for (let time = 0; time < 3; time += 1) {
    (runInNewContext('gc') as () => void)();
    await sleep(20);
  }
  return process.memoryUsage().arrayBuffers;
}

/** The code that it fails with, before or after its head. */
const failure = (idleTimeoutMs?: number) =>
  open({}, idleTimeoutMs)
    .then(({ data }) => buffer(data))
    .then(() => 'none', codeOf);

/** Sends these bytes, in pieces that end at these positions. */
async function send(socket: Socket, bytes: Buffer, ends: readonly number[]): Promise<void> {
  socket.setNoDelay();
  let at = 0;
  for (const end of [...ends, bytes.length]) {
    socket.write(bytes.subarray(at, end));
    at = end;
    await sleep(1);
  }
}

describe('a connection for content', () => {
  it('sends a request of HTTP/1.1, for one response', async () => {
    respond = (socket) => socket.end(head(0));
    await open();
    expect(heard).toBe(
      `GET /zip HTTP/1.1\r\nHost: ${origin.host}\r\nConnection: close\r\nAccept: */*\r\n\r\n`,
    );
  });

  it('sends nothing when a header would become two', async () => {
    await expect(open({ headers: { 'X-Name': 'a\r\nX-Other: b' } })).rejects.toThrow(
      /invalid character/i,
    );
    expect(heard).toBe('');
  });

  it('gives the body, however the network splits it and its head', async () => {
    const text = head(BODY.length);
    const bytes = Buffer.concat([Buffer.from(text), BODY]);
    const cuts = [[1], [8], [text.length - 3], [text.length - 1], [text.length], [text.length + 1]];
    for (const ends of [[], ...cuts, [3, 20, text.length - 2, text.length + 1000, 200_000]]) {
      respond = (socket) => send(socket, bytes, ends);
      heard = '';
      const { status, headers, data } = await open();
      expect(status).toBe(200);
      expect(headers).toEqual({
        'content-length': String(BODY.length),
        'content-type': 'application/zip',
      });
      expect((await buffer(data)).equals(BODY)).toBe(true);
    }
  });

  it('never gives more than was announced, and leaves no connection behind', async () => {
    respond = (socket) => socket.write(Buffer.concat([Buffer.from(head(1000)), BODY]));
    const { data } = await open();
    expect((await buffer(data)).equals(BODY.subarray(0, 1000))).toBe(true);
    await closed(sockets[0]!);
  });

  it.each([102, 103])('waits for the response after an interim %i', async (status) => {
    respond = (socket) => socket.write(`HTTP/1.1 ${status} Wait\r\nLink: </x>\r\n\r\n${head(2)}ok`);
    const { headers, data } = await open();
    expect(headers.link).toBeUndefined();
    expect((await buffer(data)).toString()).toBe('ok');
  });

  it('reads nothing of a response that is not content', async () => {
    respond = (socket) => socket.write('HTTP/1.1 416 No\r\nContent-Length: 10\r\n\r\n');
    const { status, data } = await open();
    expect([status, data.destroyed]).toEqual([416, true]);
    await closed(sockets[0]!);
  });

  it('ignores a length beside a transfer coding', async () => {
    respond = (socket) => socket.write(head(5, 'Transfer-Encoding: chunked\r\n'));
    const { headers } = await open();
    expect(headers['content-length']).toBeUndefined();
  });

  it('does not choose between two lengths', async () => {
    respond = (socket) => socket.write(head(5, 'content-length: 6\r\n'));
    expect((await open()).headers['content-length']).toBe('5, 6');
  });

  it.each<[string, string, string]>([
    ['is no HTTP', '<html>no</html>', 'HTTPParserError'],
    ['is of HTTP/2', 'HTTP/2 200\r\n\r\n', 'HTTPParserError'],
    ['has lines that end as on Unix', 'HTTP/1.1 200 OK\nA: b\n\n', 'HTTPParserError'],
    ['has a header without a name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n', 'HTTPParserError'],
    ['has a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n', 'HTTPParserError'],
    [
      'has a head without an end',
      `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(20_000)}`,
      'UND_ERR_HEADERS_OVERFLOW',
    ],
    [
      'has too long a head',
      `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(20_000)}\r\n\r\n`,
      'UND_ERR_HEADERS_OVERFLOW',
    ],
    ['is 100', 'HTTP/1.1 100 Continue\r\n\r\n', 'UND_ERR_SOCKET'],
    ['is 101', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n', 'UND_ERR_SOCKET'],
  ])('fails when the response %s', async (_what, response, code) => {
    respond = (socket) => socket.write(response);
    expect(await failure()).toBe(code);
    await closed(sockets[0]!);
  });

  it.each<[string, string | Buffer]>([
    ['before its head', ''],
    ['in its head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['in its body', Buffer.concat([Buffer.from(head(BODY.length)), BODY.subarray(0, 100_000)])],
  ])('fails when the other side closes it %s', async (_where, sent) => {
    respond = (socket) => socket.end(sent);
    expect(await failure()).toBe('UND_ERR_SOCKET');
  });

  it('fails as unsent when nothing listens', async () => {
    server.close();
    await expect(open()).rejects.toMatchObject({ name: 'UnsentError', code: 'ECONNREFUSED' });
  });

  it('fails when a byte that is waited for does not come', async () => {
    respond = (socket) => socket.write(head(10) + 'abc');
    expect(await failure(IDLE_MS)).toBe('UND_ERR_BODY_TIMEOUT');
  });

  it('waits for a reader that reads slowly, and reads no more than two chunks ahead', async () => {
    respond = (socket) => socket.write(Buffer.concat([Buffer.from(head(BODY.length)), BODY]));
    const { data } = await open({}, IDLE_MS);
    const chunks: Buffer[] = [];
    for await (const chunk of data as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (chunks.length === 1) await sleep(2 * IDLE_MS);
      expect(data.readableLength).toBeLessThanOrEqual(2 * SMALL_READ);
    }
    expect(Buffer.concat(chunks).equals(BODY)).toBe(true);
  });

  it('holds the memory of one read for each of many readers that wait, and gives each its own bytes', async () => {
    const bodies = Array.from({ length: 60 }, (_, index) => Buffer.alloc(100_000, index));
    let next = 0;
    respond = (socket) => {
      const body = bodies[next++]!;
      heard = '';
      socket.write(Buffer.concat([Buffer.from(head(body.length)), body]));
    };
    const before = await bytesHeld();
    const readers: AsyncIterator<Buffer>[] = [];
    const parts: Buffer[][] = [];
    while (readers.length < bodies.length) {
      const reader = ((await open()).data as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
      readers.push(reader);
      parts.push([(await reader.next()).value as Buffer]);
    }
    const each = ((await bytesHeld()) - before) / bodies.length;
    expect(each).toBeLessThan(1.5 * SMALL_READ);

    let isDone = false;
    while (!isDone) {
      isDone = true;
      for (const [index, reader] of readers.entries()) {
        const { value, done } = await reader.next();
        if (!done) parts[index]!.push(value);
        isDone &&= done === true;
      }
    }
    expect(parts.map((chunks, index) => Buffer.concat(chunks).equals(bodies[index]!))).toEqual(
      bodies.map(() => true),
    );
  });

  it.each([
    ['much at a time for a reader that keeps up', 0, LARGE_READ],
    ['little at a time for one that lets it wait', 21, SMALL_READ],
  ])('reads %s', async (_name, pauseMs, size) => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const body = Buffer.alloc(1.25 * FAST_AFTER);
      respond = (socket) => socket.write(Buffer.concat([Buffer.from(head(body.length)), body]));
      const { data } = await open();
      let [bytes, largest, largestAtFirst] = [0, 0, 0];
      for await (const chunk of data as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        largest = Math.max(largest, chunk.length);
        if (bytes <= FAST_AFTER) largestAtFirst = largest;
        vi.advanceTimersByTime(pauseMs);
      }
      expect(bytes).toBe(body.length);
      expect(largestAtFirst).toBeLessThanOrEqual(SMALL_READ);
      expect(largest).toBeGreaterThan(SMALL_READ / 2);
      expect(largest > SMALL_READ).toBe(size === LARGE_READ);
    } finally {
      vi.useRealTimers();
    }
  });

  it('ends when it is aborted, before it begins, before its head and after', async () => {
    const signal = AbortSignal.abort();
    await expect(open({ signal })).rejects.toBe(signal.reason);
    expect(heard).toBe('');
    const gone = new Error('the caller left');
    const beforeHead = new AbortController();
    respond = () => beforeHead.abort(gone);
    await expect(open({ signal: beforeHead.signal })).rejects.toBe(gone);
    const afterHead = new AbortController();
    respond = (socket) => socket.write(head(10));
    heard = '';
    const { data } = await open({ signal: afterHead.signal });
    afterHead.abort(gone);
    await expect(buffer(data)).rejects.toBe(gone);
    for (const socket of sockets) await closed(socket);
  });
});
