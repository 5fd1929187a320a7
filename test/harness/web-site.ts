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

/** A web server with the pages of a built application, and the service under a path of the same origin. */
export class WebSite {
  /** Files that are not in the folder, by path; sent as JSON. */
  readonly files: Record<string, object> = {};
  /** Address of the service. */
  service = '';

  private constructor(
    private readonly server: Server,
    private readonly servicePath: string,
  ) {}

  /**
   * @param pages folder of the built application
   * @param servicePath start of the paths that are the service's
   */
  static async start(pages: string, servicePath: string): Promise<WebSite> {
    const server = createServer((request, response) => void site.respond(request, response, pages));
    const site = new WebSite(server, servicePath);
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
    if (pathname.startsWith(this.servicePath)) return this.forward(request, response);
    const made = this.files[pathname];
    if (made) return response.end(JSON.stringify(made));
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
