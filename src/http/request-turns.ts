import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that one connection may send ahead of responses; a client sends the rest again (RFC 9112, section 9.3.2). */
const MAX_PIPELINED = 16;

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Queue {
  readonly waiting: Waiting[];
  /** The last one that waits ends the connection; requests behind it are not looked at. */
  isFull: boolean;
}

/**
 * Handles the requests of a connection one after the other, as responses leave in that order anyway.
 *
 * Node.js hands over all requests of what it has read at once: 60 kB of them make 1,400 responses, which stay in memory when
 * nobody reads them.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const queues = new WeakMap<Socket, Queue>();

  function handle({ request, response }: Waiting, queue: Queue): void {
    const { socket } = request;
    response.once('close', () => {
      const next = queue.waiting.shift();
      // What comes behind a last response would be done for nobody.
      if (next && socket.writable) handle(next, queue);
      else queues.delete(socket);
    });
    listener(request, response);
  }

  return (request, response) => {
    const queue = queues.get(request.socket);
    if (queue === undefined) {
      const created = { waiting: [], isFull: false };
      queues.set(request.socket, created);
      handle({ request, response }, created);
    } else if (!queue.isFull) {
      queue.waiting.push({ request, response });
      queue.isFull = queue.waiting.length === MAX_PIPELINED;
      if (queue.isFull) response.setHeader('connection', 'close');
    }
  };
}
