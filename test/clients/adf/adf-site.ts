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

/** The web server of a company: the pages of an ADF application, and behind `/alfresco/` the service. */
export class AdfSite {
  /** `app.config.json`, which ADF reads at its start. */
  config: object = {};
  /** Where `/alfresco/` leads. */
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
    // A route of the application is a page without a file.
    const file = join(pages, existsSync(join(pages, pathname)) ? pathname : 'index.html');
    const path = extname(file) === '' ? join(pages, 'index.html') : file;
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    return response.end(await readFile(path));
  }

  /** As a reverse proxy that keeps `Host` does. */
  private forward(request: IncomingMessage, response: ServerResponse): void {
    const { method, headers } = request;
    const forwarded = send(this.service + request.url!, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    response.on('close', () => forwarded.destroy());
    request.pipe(forwarded);
  }
}
