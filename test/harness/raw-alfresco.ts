import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

/** A request as received. */
export interface ReceivedRequest {
  /** Number of the connection, counted from 1. */
  readonly connection: number;
  /** Method and path. */
  readonly line: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The bytes of a response. */
export type Respond = (request: ReceivedRequest) => string | Buffer;

/** A JSON response that keeps the connection open unless the headers say otherwise. */
export function json(status: number, value: object, headers = ''): string {
  const body = JSON.stringify(value);
  return `HTTP/1.1 ${status} \r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** An error in Alfresco's envelope. */
export const error = (statusCode: number, briefSummary: string, headers = '') =>
  json(statusCode, { error: { errorKey: briefSummary, statusCode, briefSummary } }, headers);

/**
 * Speaks HTTP/1.1 by hand, for what an HTTP server hides from tests: which bytes come over which connection, and invalid
 * responses. Like Alfresco, it accepts a body only with `Content-Length`.
 */
export class RawAlfresco {
  readonly requests: ReceivedRequest[] = [];
  /** Connections so far. */
  connections = 0;
  /** Numbers of those that the service has closed. */
  readonly closed: number[] = [];
  /** Responses to the next JSON requests, in order, instead of the usual ones. */
  readonly nextResponses: Respond[] = [];
  /** The same for ZIP requests. */
  readonly nextContentResponses: Respond[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly zip: Buffer) {
    this.server = createServer((socket) => this.accept(socket));
  }

  /** @param zip the content of all downloads, which are DONE as soon as they are created */
  static async start(zip: Buffer): Promise<RawAlfresco> {
    const alfresco = new RawAlfresco(zip);
    alfresco.server.listen(0, '127.0.0.1');
    await once(alfresco.server, 'listening');
    return alfresco;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/alfresco`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    const connection = (this.connections += 1);
    this.sockets.add(socket);
    let bytes = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.sockets.delete(socket);
      this.closed.push(connection);
    });
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return;
        const [line = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
        const headers = Object.fromEntries(
          lines.map((header) => {
            const [name = '', ...value] = header.split(': ');
            return [name.toLowerCase(), value.join(': ')];
          }),
        );
        const size = end + 4 + Number(headers['content-length'] ?? 0);
        if (bytes.length < size) return;
        const body = bytes.toString('utf8', end + 4, size);
        bytes = bytes.subarray(size);
        const request = { connection, line: line.replace(/ HTTP\/1\.1$/, ''), headers, body };
        this.requests.push(request);
        const script = request.line.endsWith('/content')
          ? this.nextContentResponses
          : this.nextResponses;
        socket.write(script.shift()?.(request) ?? this.usual(request));
      }
    });
  }

  private usual({ line, headers }: ReceivedRequest): string | Buffer {
    const [method, path = ''] = line.split(' ');
    const id = /[^/]+(?=\/content$)|[^/]+$/.exec(path)![0];
    if (path.endsWith('/content')) return this.content(headers.range);
    if (path.includes('/nodes/')) return json(200, { entry: this.node(id) });
    if (method !== 'POST') return json(200, { entry: download(id, 'DONE') });
    if (headers['content-length'] === undefined) return error(400, 'Cannot parse null string');
    return json(202, { entry: download(randomUUID(), 'PENDING') });
  }

  private node(id: string): object {
    const at = '2026-11-24T01:00:11.000+0000';
    const user = { id: 'downloads-service', displayName: 'Downloads' };
    return {
      id,
      name: 'archive.zip',
      nodeType: 'download:download',
      isFile: true,
      isFolder: false,
      createdAt: at,
      modifiedAt: at,
      createdByUser: user,
      modifiedByUser: user,
      content: { mimeType: 'application/octet-stream', sizeInBytes: this.zip.length },
      properties: {
        'download:status': 'DONE',
        'download:done': 1,
        'download:total': 1,
        'download:filesAdded': 1,
        'download:totalFiles': 1,
      },
    };
  }

  private content(range: string | undefined): Buffer {
    const [, from = '0', to = String(this.zip.length - 1)] =
      /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    const part = this.zip.subarray(Number(from), Number(to) + 1);
    const head = [
      `HTTP/1.1 ${range === undefined ? 200 : 206} `,
      'Content-Type: application/octet-stream;charset=UTF-8',
      `Content-Range: bytes ${from}-${to}/${this.zip.length}`,
      `Content-Length: ${part.length}`,
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), part]);
  }
}

function download(id: string, status: string): object {
  const size = status === 'DONE' ? 1 : 0;
  return { id, status, filesAdded: size, bytesAdded: size, totalFiles: size, totalBytes: size };
}
