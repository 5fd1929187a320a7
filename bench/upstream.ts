/**
 * An Alfresco that costs next to nothing, so that measurements show the cost of the proxy in front of it. It has one
 * prepared response of each kind and ignores credentials. Prints its port.
 *
 * The id of a download contains the size of its ZIP: `{bytes in hexadecimal}-…`.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';

const CHUNK = Buffer.alloc(1024 * 1024, 'zip');
/** Size of the ZIPs of new downloads. */
const zipBytes = Number(process.argv[2]);
let requests = 0;

process.on('message', () => process.send!(requests));

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    // Every request of the benchmark fits into one packet; several heads are split at their empty lines.
    const text = chunk.toString('latin1');
    for (let at = 0; at >= 0 && at < text.length;) {
      const end = text.indexOf('\r\n\r\n', at);
      respond(socket, text.slice(at, end < 0 ? undefined : end));
      at = end < 0 ? -1 : text.startsWith('{', end + 4) ? -1 : end + 4;
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));

function respond(socket: Socket, head: string): void {
  // A body that arrived separately from its head.
  if (head.startsWith('{')) return;
  requests += 1;
  const target = head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1));
  const [, kind, id = ''] = /\/(downloads|nodes|probes)(?:\/([^/]+))?/.exec(target) ?? [];
  if (target.endsWith('/tickets')) {
    socket.write(
      json('201 Created', { entry: { id: `TICKET_${'0'.repeat(40)}`, userId: 'bench' } }),
    );
  } else if (head.startsWith('POST')) {
    const size = zipBytes.toString(16).padStart(12, '0');
    socket.write(json('202 Accepted', entry(`${size}-${randomUUID().slice(13)}`, 'PENDING')));
  } else if (kind === 'downloads') {
    socket.write(json('200 OK', entry(id, 'IN_PROGRESS')));
  } else if (kind === 'probes') {
    socket.write(json('200 OK', { entry: { message: 'readyProbe: Success - Tested' } }));
  } else if (target.endsWith('/content')) {
    sendContent(socket, head, sizeOf(id));
  } else {
    socket.write(json('200 OK', node(id)));
  }
}

function entry(id: string, status: string): object {
  const counters = { filesAdded: 3, bytesAdded: 1_234_567, totalBytes: 7_654_321 };
  return { entry: { ...counters, id, totalFiles: 17, status } };
}

function node(id: string): object {
  const content = { mimeType: 'application/octet-stream', sizeInBytes: sizeOf(id) };
  const properties = { 'download:status': 'DONE' };
  const createdAt = '2026-11-24T01:00:11.000+0000';
  const modifiedAt = '2026-11-24T01:00:14.000+0000';
  const nodeType = 'download:download';
  return {
    entry: { id, name: 'archive.zip', nodeType, createdAt, modifiedAt, content, properties },
  };
}

function sizeOf(id: string): number {
  return Number.parseInt(id.slice(0, id.indexOf('-')), 16);
}

function json(status: string, body: object): string {
  const text = JSON.stringify(body);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

function sendContent(socket: Socket, head: string, size: number): void {
  const [, from = '0', to = String(size - 1)] = /\r\nrange: bytes=(\d+)-(\d+)/i.exec(head) ?? [];
  let left = Number(to) - Number(from) + 1;
  const status = left === size ? '200 OK' : '206 Partial Content';
  socket.write(
    `HTTP/1.1 ${status}\r\nContent-Type: application/octet-stream;charset=UTF-8\r\nContent-Length: ${left}\r\n` +
      `Content-Range: bytes ${from}-${to}/${size}\r\nETag: "1795482014000"\r\n\r\n`,
  );
  const send = (): void => {
    while (left > 0) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
      left -= chunk.length;
      if (!socket.write(chunk)) {
        socket.once('drain', send);
        return;
      }
    }
  };
  send();
}
