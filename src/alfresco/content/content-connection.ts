import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type buildConnector, errors } from 'undici';
import { createConnector } from '../http/connections.js';
import type { UpstreamRequest, UpstreamResponse } from '../http/upstream-call.js';
import { ChunkedBody } from './chunked-body.js';
import { SMALL_READ, fastRead, takeBuffer } from './read-buffers.js';

/** Bytes; as many as undici accepts. */
const MAX_HEAD = 16_384;
const END_OF_HEAD = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: .*)?$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/;

/** Milliseconds until the next chunk is wanted: a reader that takes longer is slow, held up by its own network. */
const SLOW_MS = 20;
/** Bytes that a reader takes without a pause before it counts as fast: for a slow one, the kernel alone takes many. */
export const FAST_AFTER = 16_777_216;

/**
 * Where all connections read that wait for their readers. Node.js asks for the memory of a read before it is known when there will
 * be one, and a slow reader takes long: what comes here is copied, so that only a chunk on its way holds memory.
 */
const WAITING = Buffer.allocUnsafeSlow(SMALL_READ);

/** Connections whose readers are fast at present. */
const fast = new Set<ContentConnection>();

/** The origin of content, and its limits. */
export interface ContentConnectionOptions {
  readonly origin: URL;
  readonly connector: buildConnector.BuildOptions;
  /** Milliseconds between two bytes, while the reader waits for them. */
  readonly idleTimeoutMs: number;
}

/**
 * A connection for one ZIP, which is its body as a stream: HTTP/1.1 (RFC 9112) as far as a GET of content needs it.
 *
 * undici copies each chunk through its parser into new memory, which halves the speed of a ZIP. After its head, a body of
 * known length needs no parser, and the length of a ZIP is known from its node. A chunked body, as proxies make them, is copied
 * once. Each connection is for one response, since a body may be left unread.
 */
export class ContentConnection extends Readable {
  private socket?: Socket;
  /** Until it is complete. */
  private head = '';
  private respond?: (response: UpstreamResponse<Readable>) => void;
  /** Bytes of the body that are still to come. */
  private left = 0;
  private chunks?: ChunkedBody;
  private isWanted = false;
  /** When the last chunk was passed on, by the monotonic clock. */
  private passedAt = 0;
  /** Bytes since the reader last made the connection wait. */
  private sinceWait = 0;
  private readonly host: string;
  private readonly idle: NodeJS.Timeout;
  private readonly abort = () => this.destroy(this.request.signal!.reason as Error);

  private constructor(
    private readonly request: UpstreamRequest,
    { origin, connector, idleTimeoutMs }: ContentConnectionOptions,
  ) {
    // Bytes that the reader does not want yet stay with the kernel.
    super({ highWaterMark: 0 });
    this.idle = setTimeout(() => this.endIfIdle(), idleTimeoutMs).unref();
    if (request.signal?.aborted) this.abort();
    request.signal?.addEventListener('abort', this.abort);
    const onread = { buffer: () => this.nextBuffer(), callback: this.receive.bind(this) };
    const connect = createConnector({ ...connector, onread });
    const { protocol, host, hostname, port } = origin;
    this.host = host;
    const target = { protocol, host, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port };
    connect(target, (failure, socket) => this.begin(failure, socket));
  }

  /** Resolves with the head of the response. The body of a 2xx has to be read or destroyed; others come without one. */
  static open(
    request: UpstreamRequest,
    options: ContentConnectionOptions,
  ): Promise<UpstreamResponse<Readable>> {
    return new Promise((resolve, reject) => {
      const connection = new ContentConnection(request, options);
      connection.respond = resolve;
      connection.once('error', reject);
    });
  }

  override _read(): void {
    this.isWanted = true;
    if (performance.now() - this.passedAt > SLOW_MS) {
      this.sinceWait = 0;
      fast.delete(this);
    }
    this.idle.refresh();
    this.socket?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.idle);
    fast.delete(this);
    this.request.signal?.removeEventListener('abort', this.abort);
    this.socket?.destroy();
    callback(error);
  }

  private begin(failure: Error | null, socket: Socket | null): void {
    if (!socket) return void this.destroy(failure ?? undefined);
    if (this.destroyed) return void socket.destroy();
    this.socket = socket;
    socket.on('error', (error) => this.destroy(error));
    for (const end of ['end', 'close']) socket.once(end, () => this.endIfShort());
    try {
      socket.write(this.requestHead(), 'latin1');
      socket.resume();
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  private requestHead(): string {
    const { method, path, headers } = this.request;
    let head = `${method} ${path} HTTP/1.1\r\nHost: ${this.host}\r\nConnection: close\r\n`;
    for (const [name, value] of Object.entries(headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      head += `${name}: ${value}\r\n`;
    }
    return `${head}\r\n`;
  }

  /** Returns whether to go on reading. */
  private receive(bytes: number, buffer: Uint8Array): boolean {
    if (this.destroyed) return false;
    this.idle.refresh();
    const chunk = ownChunk(buffer as Buffer, bytes);
    try {
      return this.respond ? this.readHead(chunk) : this.pass(chunk);
    } catch (error) {
      this.destroy(error as Error);
      return false;
    }
  }

  private nextBuffer(): Buffer {
    if (this.destroyed) return WAITING;
    if (this.sinceWait < FAST_AFTER) return this.isWanted ? takeBuffer(SMALL_READ) : WAITING;
    fast.add(this);
    return takeBuffer(fastRead(fast.size));
  }

  private readHead(chunk: Buffer): boolean {
    const head = this.head + chunk.toString('latin1');
    const end = head.indexOf(END_OF_HEAD);
    if (Math.max(end, end < 0 ? head.length : 0) > MAX_HEAD)
      throw new errors.HeadersOverflowError();
    if (end < 0) {
      const isHttp = 'HTTP/1.'.startsWith(head.slice(0, 7)) && !/[^\r]\n/.test(head);
      if (!isHttp) throw new errors.HTTPParserError('not a response of HTTP/1.1');
      this.head = head;
      return true;
    }
    const endInChunk = end + END_OF_HEAD.length - this.head.length;
    const rest = chunk.subarray(endInChunk);
    // Decoded anew: a header, which is kept, would otherwise keep the text of the whole chunk.
    const lines = this.head + chunk.toString('latin1', 0, endInChunk);
    this.head = '';
    const { status, headers } = parseHead(lines.slice(0, end));
    if (status < 200) {
      // RFC 9110, section 15.2: an interim response is followed by the final one. 100 and 101 were not asked for.
      if (status < 102) throw new errors.SocketError(`status ${status}`);
      return this.readHead(rest);
    }
    return this.begun(status, headers, rest);
  }

  private begun(status: number, headers: Record<string, string>, rest: Buffer): boolean {
    const { respond } = this;
    this.respond = undefined;
    const isContent = status < 300;
    if (isContent) this.expectBody(headers);
    // The body of an error is not read: that of Alfresco's 416, for one, never comes.
    if (!isContent) this.destroy();
    respond?.({ status, headers, data: this });
    if (!isContent) return false;
    if (this.left === 0) this.complete();
    return rest.length > 0 ? this.pass(rest) : this.isWanted;
  }

  private expectBody({ 'content-length': length, 'transfer-encoding': coding }: Headers): void {
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') {
        throw new errors.HTTPParserError('an unknown transfer coding');
      }
      this.chunks = new ChunkedBody();
    }
    const bytes = length === undefined ? this.request.bodyLength : Number(length);
    this.left = Number.isSafeInteger(bytes) ? bytes! : 0;
  }

  private pass(received: Buffer): boolean {
    const chunk = this.chunks ? this.chunks.decode(received) : received;
    const part = chunk.length > this.left ? chunk.subarray(0, this.left) : chunk;
    this.left -= part.length;
    this.sinceWait += part.length;
    this.passedAt = performance.now();
    // A reader that has taken the chunk and wants no more for now has paused meanwhile.
    if (part.length > 0) this.isWanted = this.push(part) && !this.isPaused();
    if (this.left === 0) this.complete();
    return this.isWanted && this.left > 0;
  }

  private complete(): void {
    this.socket?.destroy();
    this.push(null);
  }

  private endIfShort(): void {
    if (this.respond || this.left > 0) this.destroy(new errors.SocketError('other side closed'));
  }

  private endIfIdle(): void {
    if (this.isWanted && !this.respond) this.destroy(new errors.BodyTimeoutError());
  }
}

/** What was read, in memory that no other connection reads into. */
function ownChunk(buffer: Buffer, bytes: number): Buffer {
  if (buffer.buffer !== WAITING.buffer) return buffer.subarray(0, bytes);
  const copy = takeBuffer(SMALL_READ);
  buffer.copy(copy, 0, 0, bytes);
  return copy.subarray(0, bytes);
}

type Headers = Readonly<Record<string, string>>;

function parseHead(head: string): { status: number; headers: Record<string, string> } {
  const [statusLine = '', ...lines] = head.split('\r\n');
  const [, status] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined) throw new errors.HTTPParserError('not a status line of HTTP/1.1');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === '') throw new errors.HTTPParserError('not a header');
    const key = name.toLowerCase();
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
  }
  // RFC 9112, section 6.3: a length beside a coding means nothing, and may be an attempt at smuggling.
  if ('transfer-encoding' in headers) delete headers['content-length'];
  return { status: Number(status), headers };
}
