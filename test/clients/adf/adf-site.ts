import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** A web server with the pages of an ADF application, and the service under `/alfresco/`. */
export class AdfSite {
  /** `app.config.json`, which ADF reads on start. */
  config: object = {};
  /** Target of `/alfresco/`. */
  service = '';

  private constructor(private readonly server: Server) {}

  /** @param pages folder of the built application */
  static async start(pages: string): Promise<AdfSite> {
    const server = createServer((request, response) => void site.respond(request, response, pages));
    const site = new AdfSite(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async respond(request: IncomingMessage, response: ServerResponse, pages: string) {
    const { pathname } = new URL(request.url!, this.url);
    if (pathname.startsWith('/alfresco/')) return this.forward(request, response);
    if (pathname === '/app.config.json') return response.end(JSON.stringify(this.config));
    // Routes of the application have no files.
    const file = join(pages, existsSync(join(pages, pathname)) ? pathname : 'index.html');
    const path = extname(file) === '' ? join(pages, 'index.html') : file;
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    return response.end(await readFile(path));
  }

  /** Like a reverse proxy that keeps `Host`. */
  private forward(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers } = request;
    const forwarded = send(this.service + request.url!, { method, headers }, (upstream) => {
      response.writeHead(upstream.statusCode!, upstream.headers);
      upstream.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  }
}
