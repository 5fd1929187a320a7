import type { Server } from 'node:http';
import type { Socket } from 'node:net';

interface Progress {
  /** Bytes that the operating system has taken. */
  readonly taken: number;
  readonly since: number;
}

/**
 * Closes the connections whose clients have taken nothing of a response for this long.
 *
 * Not `server.setTimeout`: its timer starts once more while writes are queued, and ends the connection of a client that
 * waits for Alfresco.
 *
 * @param stalledMs milliseconds
 * @param checkMs milliseconds between two checks
 */
export function closeStalledConnections(server: Server, stalledMs: number, checkMs: number): void {
  const connections = new Set<Socket>();
  const stalled = new WeakMap<Socket, Progress>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });

  function check(socket: Socket): void {
    if (socket.writableLength === 0) return void stalled.delete(socket);
    const taken = socket.bytesWritten - socket.writableLength;
    const former = stalled.get(socket);
    if (former?.taken !== taken) stalled.set(socket, { taken, since: performance.now() });
    else if (performance.now() - former.since >= stalledMs) socket.destroy();
  }

  const timer = setInterval(() => connections.forEach(check), checkMs).unref();
  server.once('close', () => clearInterval(timer));
}
