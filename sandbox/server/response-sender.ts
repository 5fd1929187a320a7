import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { Fault } from './fault.ts';
import { Pace } from '../downloads/pace.ts';
import type { Reply } from '../rest/reply.ts';

/** Lets the peer read what was sent before a reset makes its kernel discard it. */
const RESET_DELAY_MS = 20;
const DRIPS_PER_SECOND = 20;

/** The options of sending a reply. */
export interface SendOptions {
  onBytes?(count: number): void;
  /** How long a client may read nothing before it is disconnected; default: forever. */
  timeoutMs?: number;
}

/**
 * Sends a reply with back-pressure, with a fault if there is one. Ends when the reply has been handed over or the
 * client has disconnected, which aborts `signal`.
 */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  fault: Fault | undefined,
  options: SendOptions,
  signal: AbortSignal,
): Promise<void> {
  if (response.shouldKeepAlive) {
    // Tomcat sends no `Connection` header for a connection that it keeps.
    response.removeHeader('Connection');
    response.writeHead(reply.status, '', reply.headers.flat());
  } else {
    response.writeHead(reply.status, '', [...reply.headers, ['Connection', 'close']].flat());
  }
  if (fault?.kind === 'reset-after-headers') {
    response.flushHeaders();
    return reset(response, signal);
  }
  const limit = fault !== undefined && 'afterBytes' in fault ? fault.afterBytes : undefined;
  const pace = fault?.kind === 'drip' ? new Pace(() => fault.bytesPerSecond, signal) : undefined;
  const drip =
    fault?.kind === 'drip'
      ? Math.max(1, Math.floor(fault.bytesPerSecond / DRIPS_PER_SECOND))
      : undefined;
  try {
    for await (const piece of pieces(reply.body, limit, drip)) {
      if (signal.aborted) return;
      options.onBytes?.(piece.length);
      if (!response.write(piece)) await drained(response, signal, options.timeoutMs);
      await pace?.spend(piece.length);
    }
  } catch {
    // ContentStreamer ignores a failing store, as it does a disconnected client: the body just ends early.
  }
  if (signal.aborted) return;
  if (limit === undefined) {
    response.socket?.setTimeout(options.timeoutMs ?? 0);
    response.end();
  } else await breakOff(response, fault, signal);
}

async function breakOff(
  response: ServerResponse,
  fault: Fault | undefined,
  signal: AbortSignal,
): Promise<void> {
  response.flushHeaders();
  if (fault?.kind === 'reset-mid-body') await reset(response, signal);
  else if (fault?.kind === 'truncate') response.socket?.destroySoon();
  else await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function reset(response: ServerResponse, signal: AbortSignal): Promise<void> {
  if (response.writableNeedDrain) await drained(response, signal);
  await sleep(RESET_DELAY_MS);
  if (response.socket) resetConnection(response.socket);
}

/** Resets a connection. Node.js cannot do that under TLS, where it is closed without a `close_notify`. */
export function resetConnection(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}

/** The body in pieces, up to `limit` bytes in all and at most `largest` bytes each. */
async function* pieces(
  body: Reply['body'],
  limit = Number.POSITIVE_INFINITY,
  largest = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  let left = limit;
  for await (let bytes of body === undefined || Buffer.isBuffer(body)
    ? [body ?? Buffer.alloc(0)]
    : body) {
    while (bytes.length > 0 && left > 0) {
      const piece = bytes.subarray(0, Math.min(left, largest));
      bytes = bytes.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
    if (left <= 0) return;
  }
}

/** Waits until the client has read what was written. Node.js destroys the socket after `timeoutMs` without progress. */
async function drained(
  response: ServerResponse,
  signal: AbortSignal,
  timeoutMs = 0,
): Promise<void> {
  response.socket?.setTimeout(timeoutMs);
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      response.socket?.setTimeout(0);
      resolve();
    };
    response.on('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
