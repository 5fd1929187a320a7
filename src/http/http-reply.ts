import type { ServerResponse } from 'node:http';

/** The part of a reply that the downloads API needs, the same with Fastify and Express. */
export interface HttpReply {
  readonly statusCode: number;
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  getHeaders(): Record<string, number | string | string[] | undefined>;
  send(body?: unknown): unknown;
  /** Fastify only: with Express, the reply itself is Node's response. */
  readonly raw?: ServerResponse;
  /** Fastify only: keeps it from ending the response by itself, which Express never does. */
  hijack?(): unknown;
  /** Fastify only: whether the reply has been sent or hijacked. */
  readonly sent?: boolean;
}

/** When to ask again for a download that is still being made, in seconds (RFC 9110, section 10.2.3). */
export const RETRY_AFTER = { 'retry-after': '1' } as const;

/** Node's own response. */
export function rawResponse(reply: HttpReply): ServerResponse {
  return reply.raw ?? (reply as unknown as ServerResponse);
}

/** Adds to the headers that the reply already has. */
export function setHeaders(reply: HttpReply, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
}

/** Adds `Accept` to `Vary`: caches have to keep one response for each media type (RFC 9110, section 12.5.5). */
export function varyByAccept(reply: HttpReply): void {
  const before = reply.getHeaders().vary;
  reply.header('vary', [before ?? [], 'Accept'].flat().join(', '));
}

/** Sends the status and headers of a response whose body is then written piece by piece. */
export function beginResponse(reply: HttpReply): ServerResponse {
  reply.hijack?.();
  return rawResponse(reply).writeHead(reply.statusCode, reply.getHeaders());
}

/** Leaves a request without a response, after its client has disconnected. */
export function abandon(reply: HttpReply): void {
  reply.hijack?.();
}

/**
 * Aborted when the client's connection ends, after the response or before it. Call it before the first `await`: the event
 * comes only once.
 */
export function disconnectSignal(reply: HttpReply): AbortSignal {
  const disconnected = new AbortController();
  rawResponse(reply).once('close', () => disconnected.abort());
  return disconnected.signal;
}

/**
 * The sources that a page of the service may use: those that Swagger UI needs, whose script sets styles.
 *
 * @param addresses to which its scripts may connect as well
 */
export function contentSecurityPolicy(...addresses: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...addresses].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}
