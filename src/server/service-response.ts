import { type IncomingMessage, type OutgoingHttpHeader, ServerResponse } from 'node:http';
import { SECURITY_HEADERS } from './security-headers.js';

const SECURITY: readonly OutgoingHttpHeader[] = Object.entries(SECURITY_HEADERS).flat();
const NAMES = new Set(Object.keys(SECURITY_HEADERS).map((name) => name.toLowerCase()));

/**
 * An answer of the service. It has the headers that every answer has, and knows when it began: Node tells nobody, and hooks
 * of Fastify do not see what is written to a hijacked reply.
 */
export class ServiceResponse<
  T extends IncomingMessage = IncomingMessage,
> extends ServerResponse<T> {
  /** By `performance.now()`; 0 until its head has been written. */
  begunAt = 0;

  /** Also called by Node, when a body is written without a head. What is given here or was set before wins. */
  override writeHead(status: number, ...rest: unknown[]): this {
    this.begunAt = performance.now();
    const headers = rest.at(-1);
    if (rest.length === 1 && this.getHeaderNames().length === 0 && areOther(headers)) {
      // One flat list is what Node writes without a copy of each header, which would last as long as the answer.
      const list = [...SECURITY];
      for (const name in headers) list.push(name, headers[name]!);
      return super.writeHead(status, list);
    }
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!this.hasHeader(name)) this.setHeader(name, value);
    }
    return super.writeHead(status, ...(rest as []));
  }
}

/** Headers by name, of which none is one that every answer has. */
function areOther(headers: unknown): headers is Record<string, OutgoingHttpHeader> {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return false;
  for (const name in headers) if (NAMES.has(name.toLowerCase())) return false;
  return true;
}
