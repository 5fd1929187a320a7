import { type IncomingMessage, type OutgoingHttpHeader, ServerResponse } from 'node:http';
import { SECURITY_HEADERS } from './security.headers.js';

const SECURITY: readonly OutgoingHttpHeader[] = Object.entries(SECURITY_HEADERS).flat();

/**
 * An answer of the service. It has the headers that every answer has, and knows when it began: Node tells nobody, and hooks
 * of Fastify do not see what is written to a hijacked reply.
 */
export class ServiceResponse<
  T extends IncomingMessage = IncomingMessage,
> extends ServerResponse<T> {
  /** By `performance.now()`; 0 until its head has been written. */
  begunAt = 0;

  /** Also called by Node, when a body is written without a head. */
  override writeHead(status: number, ...rest: unknown[]): this {
    this.begunAt = performance.now();
    const headers = rest.at(-1);
    // One flat list is what Node writes without a copy of each header, which would last as long as the answer.
    if (rest.length === 1 && isPlain(headers) && this.getHeaderNames().length === 0) {
      const list = [...SECURITY];
      for (const name in headers) list.push(name, headers[name]!);
      return super.writeHead(status, list);
    }
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) this.setHeader(name, value);
    return super.writeHead(status, ...(rest as []));
  }
}

function isPlain(headers: unknown): headers is Record<string, OutgoingHttpHeader> {
  return typeof headers === 'object' && headers !== null && !Array.isArray(headers);
}
