import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Download } from './download-event.ts';

/** A request as received. */
export interface RecordedRequest {
  /** `GET /downloads/x` */
  readonly what: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Responds to a request; the return value is ignored. */
type Script = (request: RecordedRequest, response: ServerResponse) => unknown;

/** A server on the loopback interface whose responses a test scripts. */
export class ScriptedServer {
  readonly requests: RecordedRequest[] = [];
  /** The number of requests whose response has not ended. */
  open = 0;
  /** Responds to every request. */
  script: Script = (_request, response) => void response.writeHead(500).end();
  #server = createServer((request, response) => void this.#handle(request, response));
  #port = 0;

  static async start(): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    await server.listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts, or starts again on the same port. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) =>
      this.#server.listen(this.#port, '127.0.0.1', () => resolve()),
    );
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops and closes every connection. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Methods and paths of the requests, in order. */
  get asked(): string[] {
    return this.requests.map(({ what }) => what);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.open += 1;
    response.once('close', () => (this.open -= 1));
    const body = (await buffer(request)).toString();
    const seen = { what: `${request.method} ${request.url}`, headers: request.headers, body };
    this.requests.push(seen);
    this.script(seen, response);
  }
}

/** Closes the connection, discarding data in flight. */
export function cut(response: ServerResponse): void {
  (response.socket as Socket).destroy();
}

/** A half-finished download, with the given differences. */
export function download(more: Partial<Download> = {}): Download {
  return {
    filesAdded: 1,
    bytesAdded: 500,
    totalBytes: 1000,
    id: 'x',
    totalFiles: 2,
    status: 'IN_PROGRESS',
    ...more,
  };
}

export const DONE = download({ status: 'DONE', bytesAdded: 1000, filesAdded: 2 });

/** An event as the service sends it. */
export function frame(type: string, entry: Download, id = `${entry.bytesAdded}`): string {
  const data = JSON.stringify({ entry, percent: (entry.bytesAdded * 100) / entry.totalBytes });
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`;
}

/** Starts an event stream with these pieces and keeps it open. */
export function stream(response: ServerResponse, ...pieces: readonly string[]): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(['retry: 20\n\n', ...pieces].join(''));
  return response;
}

export function json(
  response: ServerResponse,
  body: unknown,
  headers: Record<string, string> = {},
): ServerResponse {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  return response.end(JSON.stringify(body));
}

export function problem(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
): ServerResponse {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  return response.end(
    JSON.stringify({ status, code, title: `Title of ${code}`, detail: `About ${code}` }),
  );
}
