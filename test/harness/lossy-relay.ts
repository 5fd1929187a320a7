import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Number of body bytes of a response that get through before the connection is cut; `undefined`: all. */
export type Loss = (request: IncomingMessage) => number | undefined;

/** A proxy between a client and the service that forwards every request, and loses responses. */
export class LossyRelay {
  /** The requests, as `METHOD path`, with the `Range` if there is one. */
  readonly received: string[] = [];
  loss: Loss = () => undefined;

  private constructor(
    private readonly server: Server,
    private readonly target: string,
  ) {}

  /** @param target origin of the service */
  static async start(target: string): Promise<LossyRelay> {
    const server = createServer((request, response) => {
      relay.pass(request, response).catch(() => response.destroy());
    });
    const relay = new LossyRelay(server, target);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Loses the first response for which this is true, after this many bytes of its body. */
  loseOnce(isMeant: (method: string, path: string) => boolean, bytes = 0): void {
    this.loss = ({ method = '', url = '' }) => {
      if (!isMeant(method, url)) return undefined;
      this.loss = () => undefined;
      return bytes;
    };
  }

  /** Clears the recorded requests, and loses no more responses. */
  reset(): void {
    this.received.length = 0;
    this.loss = () => undefined;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const { range } = request.headers;
    this.received.push(`${method} ${url}${range === undefined ? '' : ` ${range}`}`);
    const bytes = this.loss(request);
    const chunks = await request.toArray();
    const headers = new Headers(request.headers as Record<string, string>);
    headers.delete('connection');
    const original = await fetch(this.target + url, {
      method,
      headers,
      body: chunks.length > 0 ? Buffer.concat(chunks as Buffer[]) : undefined,
      redirect: 'manual',
    });
    const body = Buffer.from(await original.arrayBuffer());
    if (bytes === 0) return void response.destroy();
    response.writeHead(original.status, Object.fromEntries(original.headers));
    if (bytes === undefined) return void response.end(method === 'HEAD' ? undefined : body);
    response.write(body.subarray(0, bytes), () => response.destroy());
  }
}
