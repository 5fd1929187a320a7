import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { AUTHORIZATION } from './service.ts';

const LAST = /event: (?:done|cancelled|too-large|gone)/;

/** One caller who watches a download by server-sent events. */
export class Watcher {
  private readonly socket: Socket;
  /** What came before is of no use, and thousands of copies of it would be this process's own weight. */
  private text = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (this.text = (this.text + chunk.toString()).slice(-500)));
  }

  /** Resolves when the first event is there. */
  static async start(url: string, id: string): Promise<Watcher> {
    const { hostname, port } = new URL(url);
    const watcher = new Watcher(connect(Number(port), hostname));
    watcher.socket.write(
      `GET /downloads/${id}/events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${AUTHORIZATION}\r\n\r\n`,
    );
    while (!watcher.text.includes('event: ')) await once(watcher.socket, 'data');
    return watcher;
  }

  get knowsTheEnd(): boolean {
    return LAST.test(this.text);
  }

  stop(): void {
    this.socket.destroy();
  }
}
