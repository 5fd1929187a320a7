import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that a connection may send ahead of responses; a client sends the rest again (RFC 9112, section 9.3.2). */
const MAX_PIPELINED = 16;

const QUEUE = Symbol('queue');

/** The pipelined requests of one connection. */
interface PipelineQueue {
  isBusy: boolean;
  /** The last request that waits ends the connection; those behind it are ignored. */
  isFull: boolean;
  /** Behind the request that is being handled; absent unless a client has pipelined. */
  waiting?: ServerResponse[];
}

type PipelinedSocket = Socket & { [QUEUE]?: PipelineQueue };

/**
 * Handles the requests of a connection one after the other, in the order in which responses have to leave anyway.
 *
 * Node.js hands over all requests that it finds in what it has read: 60 kB of them become 1,400 responses, which stay in memory
 * as long as the client does not read them. Each waits for its turn of the event loop: sixteen pages of metrics in one turn
 * would keep all other connections waiting for a tenth of a second.
 */
export function oneByOne(listener: RequestListener): RequestListener {
  function handle(response: ServerResponse): void {
    response.on('close', next);
    listener(response.req, response);
  }

  /** Reads `this`, so that one function serves all responses instead of a closure for each. */
  function next(this: ServerResponse): void {
    const { socket } = this.req as { socket: PipelinedSocket };
    const queue = socket[QUEUE]!;
    const response = queue.waiting?.shift();
    if (response) setImmediate(handleIfWritable, response);
    else queue.isBusy = false;
  }

  /** A response behind one that closes the connection would not be sent. */
  function handleIfWritable(response: ServerResponse): void {
    const { socket } = response.req as { socket: PipelinedSocket };
    if (socket.writable) handle(response);
    else socket[QUEUE]!.isBusy = false;
  }

  return (request, response) => {
    const socket: PipelinedSocket = request.socket;
    const queue = (socket[QUEUE] ??= { isBusy: false, isFull: false });
    if (!queue.isBusy) {
      queue.isBusy = true;
      handle(response);
    } else if (!queue.isFull) {
      const waiting = (queue.waiting ??= []);
      waiting.push(response);
      queue.isFull = waiting.length === MAX_PIPELINED;
      if (queue.isFull) response.setHeader('connection', 'close');
    }
  };
}

interface Stall {
  /** Bytes that the operating system had accepted by then. */
  readonly sent: number;
  /** By `performance.now()`. */
  readonly since: number;
}

/**
 * Closes connections whose clients have read nothing of a response for too long.
 *
 * Not `server.setTimeout`: its timer restarts while writes are queued, and it ends the connection of a client that waits for
 * Alfresco.
 *
 * @param stalledMs milliseconds without progress
 * @param checkMs milliseconds between two checks
 */
export function closeStalledConnections(server: Server, stalledMs: number, checkMs: number): void {
  const connections = new Set<Socket>();
  const stalls = new WeakMap<Socket, Stall>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', forget);
  });

  /** One function for all connections, as above: with `once()` and a closure, each would keep a quarter of a kilobyte. */
  function forget(this: Socket): void {
    connections.delete(this);
  }

  function check(socket: Socket): void {
    if (socket.writableLength === 0) return void stalls.delete(socket);
    const sent = socket.bytesWritten - socket.writableLength;
    const former = stalls.get(socket);
    if (former?.sent !== sent) stalls.set(socket, { sent, since: performance.now() });
    else if (performance.now() - former.since >= stalledMs) socket.destroy();
  }

  const timer = setInterval(() => connections.forEach(check), checkMs).unref();
  server.once('close', () => clearInterval(timer));
}
