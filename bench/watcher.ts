import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { AUTHORIZATION } from './service.ts';

const LAST = /event: (?:done|cancelled|too-large|gone)/;

/** A caller that watches a download by server-sent events. */
export class Watcher {
  private readonly socket: Socket;
  /** The last 500 characters only, for thousands of watchers share this process. */
  private text = '';

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => (this.text = (this.text + chunk.toString()).slice(-500)));
  }

  /** Resolves once the first event has arrived. */
  static async start(url: string, id: string): Promise<Watcher> {
    const { hostname, port } = new URL(url);
    const watcher = new Watcher(connect(Number(port), hostname));
    watcher.socket.write(
      `GET /downloads/${id}/events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: ${AUTHORIZATION}\r\n\r\n`,
    );
    while (!watcher.text.includes('event: ')) await once(watcher.socket, 'data');
    return watcher;
  }

  get hasEnded(): boolean {
    return LAST.test(this.text);
  }

  stop(): void {
    this.socket.destroy();
  }
}
