import { connect } from 'node:net';
import { AUTHORIZATION } from './service.ts';

/** Overwritten by each chunk, so that received data costs no memory. */
const BIN = Buffer.alloc(1024 * 1024);

/** Downloads a file and discards it. Resolves with its length; rejects if it is shorter than Content-Length. */
export function save(url: string): Promise<number> {
  const { hostname, port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    let head = '';
    let received = 0;
    let size = NaN;
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: {
        buffer: BIN,
        callback: (length, chunk) => {
          received += length;
          if (!head.includes('\r\n\r\n')) {
            head += Buffer.from(chunk.buffer, chunk.byteOffset, length).toString('latin1');
            const end = head.indexOf('\r\n\r\n');
            if (end < 0) return true;
            received = head.length - end - 4;
            size = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1]);
          }
          if (received === size) {
            socket.destroy();
            resolve(size);
          }
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('close', () =>
      reject(new Error(`${received} of ${size} bytes: ${head.slice(0, 200)}`)),
    );
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: ${AUTHORIZATION}\r\n\r\n`,
    );
  });
}
