import { type IncomingMessage, type OutgoingHttpHeader, ServerResponse } from 'node:http';
import { contentSecurityPolicy } from '../http/http-reply.js';

/**
 * Headers of every response, which restrict what a browser does with it. Strict-Transport-Security is not among them: the
 * service speaks plain HTTP, where that must not be sent (RFC 6797, section 7.2), and it would bind every port of the host.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy(),
  'Cross-Origin-Opener-Policy': 'same-origin',
  // Concerns requests without CORS only: the origins of CORS_ORIGINS can read responses all the same.
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Origin-Agent-Cluster': '?1',
  // A signed link is a secret in an address.
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'X-Download-Options': 'noopen',
  'X-Frame-Options': 'DENY',
  'X-Permitted-Cross-Domain-Policies': 'none',
  'X-XSS-Protection': '0',
};

const SECURITY: readonly OutgoingHttpHeader[] = Object.entries(SECURITY_HEADERS).flat();
const NAMES = new Set(Object.keys(SECURITY_HEADERS).map((name) => name.toLowerCase()));

/**
 * A response of the service. It brings the headers of every response, and records when it began: Node emits no event for
 * that, and Fastify's hooks do not see what is written to a hijacked reply.
 */
export class ServiceResponse<
  T extends IncomingMessage = IncomingMessage,
> extends ServerResponse<T> {
  /** By `performance.now()`; 0 until its head has been written. */
  begunAt = 0;

  /** Node calls this, too, when a body is written without a head. Headers given here or set before override the constant ones. */
  override writeHead(status: number, ...rest: unknown[]): this {
    this.begunAt = performance.now();
    const headers = rest.at(-1);
    if (rest.length === 1 && this.getHeaderNames().length === 0) {
      // Node writes a flat list as it is; otherwise it copies each header, and keeps the copies as long as the response.
      const list = withSecurityHeaders(headers);
      if (list) return super.writeHead(status, list);
    }
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
      if (!this.hasHeader(name)) this.setHeader(name, value);
    }
    return super.writeHead(status, ...(rest as []));
  }
}

/** A flat list; `undefined` unless these are headers by name, and none of them is a security header. */
function withSecurityHeaders(headers: unknown): OutgoingHttpHeader[] | undefined {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) return undefined;
  const list = [...SECURITY];
  for (const name in headers) {
    if (NAMES.has(name.toLowerCase())) return undefined;
    list.push(name, (headers as Record<string, OutgoingHttpHeader>)[name]!);
  }
  return list;
}
