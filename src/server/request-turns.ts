import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Requests that one connection may send ahead of responses; a client sends the rest again (RFC 9112, section 9.3.2). */
const MAX_PIPELINED = 16;

const TURNS = Symbol('turns');

/** The requests of one connection. */
interface Turns {
  isBusy: boolean;
  /** The last one that waits ends the connection; requests behind it are not looked at. */
  isFull: boolean;
  /** Those behind the one that is being handled; mostly there are none. */
  waiting?: ServerResponse[];
}

type SocketWithTurns = Socket & { [TURNS]?: Turns };

/**
 * Handles the requests of a connection one after the other, as responses leave in that order anyway.
 *
 * Node.js hands over all requests of what it has read at once: 60 kB of them make 1,400 responses, which stay in memory when
 * nobody reads them.
 */
export function inTurn(listener: RequestListener): RequestListener {
  function handle(response: ServerResponse): void {
    response.on('close', next);
    listener(response.req, response);
  }

  /** One function for all responses: this is done for each. */
  function next(this: ServerResponse): void {
    const { socket } = this.req as { socket: SocketWithTurns };
    const turns = socket[TURNS]!;
    const response = turns.waiting?.shift();
    // What comes behind a last response would be done for nobody.
    if (response && socket.writable) handle(response);
    else turns.isBusy = false;
  }

  return (request, response) => {
    const socket: SocketWithTurns = request.socket;
    const turns = (socket[TURNS] ??= { isBusy: false, isFull: false });
    if (!turns.isBusy) {
      turns.isBusy = true;
      handle(response);
    } else if (!turns.isFull) {
      const waiting = (turns.waiting ??= []);
      waiting.push(response);
      turns.isFull = waiting.length === MAX_PIPELINED;
      if (turns.isFull) response.setHeader('connection', 'close');
    }
  };
}
