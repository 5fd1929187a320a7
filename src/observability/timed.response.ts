import { type IncomingMessage, ServerResponse } from 'node:http';

/**
 * An answer that knows when it began. Node tells nobody, and hooks of Fastify do not see what is written to a hijacked
 * reply.
 */
export class TimedResponse<T extends IncomingMessage = IncomingMessage> extends ServerResponse<T> {
  /** By `performance.now()`; 0 until its head has been written. */
  begunAt = 0;

  override writeHead(...head: unknown[]): this {
    this.begunAt = performance.now();
    return super.writeHead(...(head as Parameters<ServerResponse['writeHead']>));
  }
}
