import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Download } from '../../alfresco/download.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { EventStream } from './event-stream.js';
import { type ProgressEvent, stateEvent } from './progress-event.js';

const RUNNING: Download = {
  id: 'd',
  status: 'IN_PROGRESS',
  filesAdded: 0,
  bytesAdded: 0,
  totalFiles: 1,
  totalBytes: 1e12,
};
const at = (bytesAdded: number): ProgressEvent => stateEvent({ ...RUNNING, bytesAdded }, {});
const done = stateEvent({ ...RUNNING, status: 'DONE' }, {});
const request = { url: '/downloads/d/events?x', requestId: 'r', pages: '/problems' };

let server: Server;
let reader: Socket;
let text: string;

beforeEach(async () => {
  server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  text = '';
});
afterEach(async () => {
  reader.destroy();
  server.close();
  await once(server, 'close');
});

/** The response to a client that reads nothing until it is resumed. */
async function connectClient(): Promise<ServerResponse> {
  reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  reader.pause();
  reader.setEncoding('utf8').on('data', (chunk: unknown) => (text += chunk as string));
  reader.pause();
  reader.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  return response;
}

describe('a stream of events', () => {
  it('holds one event for a client that does not read, and then sends it the newest and the last', async () => {
    const response = await connectClient();
    const stream = new EventStream(response, request);
    for (let bytes = 1; bytes <= 200_000; bytes++) {
      stream.next(at(bytes));
      // Lets the operating system take as much as it will.
      if (bytes % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      if (bytes % 1000 === 0) stream.beat();
    }
    expect(response.writableLength).toBeLessThan(1000);
    expect(response.socket!.writableLength).toBeLessThan(1000);
    stream.next(done);
    reader.resume();
    await once(reader, 'close');
    const received = [...text.matchAll(/event: (\S+)/g)].map(([, name]) => name);
    expect(received.length).toBeLessThan(199_000);
    expect(received.at(-1)).toBe('done');
    expect(text).toContain('"bytesAdded":200000,');
  }, 30_000);

  it('sends a comment as a heartbeat', async () => {
    const response = await connectClient();
    const stream = new EventStream(response, request);
    await new Promise((resolve) => setImmediate(resolve));
    stream.beat();
    stream.stop();
    reader.resume();
    await once(reader, 'close');
    expect(text).toContain('retry: 2000\n\n');
    expect(text).toContain(':\n\n');
  });

  it('does not repeat the state that the client has, nor call a download moving that the client knows as stalled', async () => {
    const response = await connectClient();
    const stalled = stateEvent(RUNNING, { stalledSince: 0 });
    const stream = new EventStream(response, { ...request, lastEventId: stalled.id });
    for (const event of [at(0), stalled, at(1), done]) stream.next(event);
    reader.resume();
    await once(reader, 'close');
    expect([...text.matchAll(/event: (\S+)/g)].map(([, name]) => name)).toEqual(['done']);
  });

  it('ends with the problem when the download is gone', async () => {
    const response = await connectClient();
    const stream = new EventStream(response, request);
    stream.next({ name: 'gone', problem: new ProblemException('DOWNLOAD_NOT_FOUND') });
    reader.resume();
    await once(reader, 'close');
    expect(text).toMatch(
      /event: gone\ndata: \{.*"instance":"\/downloads\/d\/events","code":"DOWNLOAD_NOT_FOUND".*\}\n\n/,
    );
  });
});
