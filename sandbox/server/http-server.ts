import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_DEFAULT, ApiError } from '../rest/api-error.ts';
import { createListener, type ListenerSettings } from './listener.ts';
import { certificateSubject } from './client-certificate.ts';
import { control, isControlUrl, type Controlled } from './control.ts';
import { replacementReply, spoilReply } from './fault-reply.ts';
import type { Fault, FaultQueue } from './fault.ts';
import { errorReply } from '../rest/json-reply.ts';
import type { LogCounter } from '../rest/log-counter.ts';
import type { Reply } from '../rest/reply.ts';
import { MAX_BODY_BYTES, readBody } from './request-body.ts';
import { describeRequest, keptBody, type RecordedRequest, type RequestLog } from './request-log.ts';
import { resetConnection, sendReply } from './response-sender.ts';
import { isTokenUrl, type TokenEndpoint } from './token-endpoint.ts';
import type { RestApi } from '../rest/rest-api.ts';

/** Faults in which the server, and not the client, closes the connection. */
const BREAKING_FAULTS: ReadonlySet<Fault['kind']> = new Set([
  'reset',
  'reset-after-headers',
  'reset-mid-body',
  'truncate',
]);

/** Tomcat's Http11Processor.statusDropsConnection. */
const DROPPING_STATUSES: ReadonlySet<number> = new Set([400, 408, 411, 413, 414, 500, 501, 503]);
/** Tomcat's `maxKeepAliveRequests`. */
const MAX_KEEP_ALIVE_REQUESTS = 100;

/** `webscripts.memoryThreshold`: longer content is buffered in a file. */
const MEMORY_THRESHOLD_BYTES = 4 * 1024 * 1024;

/** The parts and settings of the HTTP server. */
export interface ServerParts extends ListenerSettings {
  bufferedBytesPerSecond: number;
  api: RestApi;
  faults: FaultQueue;
  requestLog: RequestLog;
  logCounter: LogCounter;
  controlled: Controlled;
  /** Undefined: its path responds with 404. */
  tokenEndpoint: TokenEndpoint | undefined;
  log: (line: string) => void;
}

/** Receives requests, records them, applies faults and sends the responses. */
export class HttpServer {
  readonly #parts: ServerParts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The number of requests on each connection. */
  readonly #counts = new WeakMap<Socket, number>();
  /** Connections that have been idle for too long. */
  readonly #timedOut = new WeakSet<Socket>();
  #activeResponses = 0;
  #closing = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#server = createListener(parts, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on('timeout', (socket) => {
      this.#timedOut.add(socket);
      socket.destroy();
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  get activeResponses(): number {
    return this.#activeResponses;
  }

  /** Resolves with the origin, such as `http://127.0.0.1:8080`. */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const { address, family, port: bound } = this.#server.address() as AddressInfo;
    const scheme = this.#parts.tls === undefined ? 'http' : 'https';
    return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${bound}`;
  }

  /** Destroys all connections. */
  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const disconnected = new AbortController();
    response.once('close', () => {
      // Creating the abort error is expensive, and nothing waits for it once all has been sent.
      if (!response.writableFinished) disconnected.abort();
    });
    const url = request.url ?? '';
    const isForTokens = this.#parts.tokenEndpoint !== undefined && isTokenUrl(url);
    if (isControlUrl(url) && !isForTokens)
      return this.#control(request, response, url, disconnected.signal);

    const count = (this.#counts.get(request.socket) ?? 0) + 1;
    this.#counts.set(request.socket, count);
    const record = this.#parts.requestLog.start(request);
    const method = request.method ?? '';
    const fault = this.#parts.faults.take(method, url);
    const { socket } = request;
    response.once('close', () => this.#finish(record, response, fault, socket));
    const body = await readBody(request);
    record.body = keptBody(body ?? Buffer.alloc(0));

    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'reset') {
      resetConnection(request.socket);
      return;
    }
    if (fault?.kind === 'delay') await sleep(fault.ms, undefined, { signal: disconnected.signal });
    const reply = await this.#reply(request, body, record, fault);
    record.status = reply.status;
    if (DROPPING_STATUSES.has(reply.status) || count >= MAX_KEEP_ALIVE_REQUESTS)
      response.shouldKeepAlive = false;
    await this.#send(response, reply, record, fault, disconnected.signal);
  }

  async #reply(
    request: IncomingMessage,
    body: Buffer | undefined,
    record: RecordedRequest,
    fault: Fault | undefined,
  ): Promise<Reply> {
    const replacement = fault && replacementReply(fault, this.#parts.logCounter);
    if (replacement !== undefined) return replacement;
    if (body === undefined) return this.#tooLarge();
    const { tokenEndpoint } = this.#parts;
    if (tokenEndpoint && isTokenUrl(request.url ?? '')) {
      const tokenReply = tokenEndpoint.respond(request, body.toString('utf8'));
      return fault === undefined ? tokenReply : spoilReply(tokenReply, fault);
    }
    const { reply, userId } = await this.#parts.api.respond(
      request,
      body,
      certificateSubject(request.socket),
    );
    if (userId !== undefined) record.user = userId;
    if (request.method === 'HEAD') delete reply.body;
    return fault === undefined ? reply : spoilReply(reply, fault);
  }

  async #send(
    response: ServerResponse,
    reply: Reply,
    record: RecordedRequest,
    fault: Fault | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const options = {
      timeoutMs: this.#parts.connectionTimeoutMs,
      onBytes: (count: number): void => {
        record.bytesSent += count;
      },
    };
    const weight = reply.contentBytes === undefined ? 0 : 1;
    this.#activeResponses += weight;
    try {
      await this.#buffer(reply.contentBytes ?? 0, signal);
      await sendReply(response, reply, fault, options, signal);
    } finally {
      this.#activeResponses -= weight;
    }
  }

  /** Alfresco's BufferedResponse sends the first byte only once it has the last one. */
  async #buffer(bytes: number, signal: AbortSignal): Promise<void> {
    if (bytes <= MEMORY_THRESHOLD_BYTES) return;
    const ms = (bytes / this.#parts.bufferedBytesPerSecond) * 1000;
    await sleep(ms, undefined, { signal });
  }

  #tooLarge(): Reply {
    const error = new ApiError(413, API_DEFAULT, {
      summary: `Content size violation, limit = ${MAX_BODY_BYTES}`,
      cacheHeaders: true,
    });
    return errorReply(error, this.#parts.logCounter);
  }

  #finish(
    record: RecordedRequest,
    response: ServerResponse,
    fault: Fault | undefined,
    socket: Socket,
  ): void {
    const brokenHere =
      this.#closing ||
      this.#timedOut.has(socket) ||
      (fault !== undefined && BREAKING_FAULTS.has(fault.kind));
    record.aborted = !response.writableFinished && !brokenHere;
    record.endedAt = Date.now();
    this.#parts.log(describeRequest(record));
  }

  async #control(
    request: IncomingMessage,
    response: ServerResponse,
    url: string,
    signal: AbortSignal,
  ): Promise<void> {
    const body = await readBody(request);
    const reply = control(
      this.#parts.controlled,
      request.method ?? '',
      url,
      body?.toString('utf8') ?? '',
    );
    await sendReply(response, reply, undefined, {}, signal);
  }
}
