import type { ServerResponse } from 'node:http';

/** What an answer of Fastify and one of Express have in common, as far as the downloads API needs it. */
export interface HttpReply {
  readonly statusCode: number;
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  getHeaders(): Record<string, number | string | string[] | undefined>;
  send(body?: unknown): unknown;
  /** Fastify's; with Express the answer itself is Node's. */
  readonly raw?: ServerResponse;
  /** Fastify's: it is not to end the answer by itself. Express never does. */
  hijack?(): unknown;
  /** Fastify's: whether it has been ended or hijacked. */
  readonly sent?: boolean;
}

/** When to ask again for a download that is still being made, in seconds (RFC 9110, section 10.2.3). */
export const RETRY_AFTER = { 'retry-after': '1' } as const;

/** Node's own response. */
export function rawResponse(reply: HttpReply): ServerResponse {
  return reply.raw ?? (reply as unknown as ServerResponse);
}

/** Adds headers to those that the answer has. */
export function setHeaders(reply: HttpReply, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) reply.header(name, value);
}

/** Tells caches that the response depends on `Accept`, besides what they were told already (RFC 9110, section 12.5.5). */
export function varyByAccept(reply: HttpReply): void {
  const before = reply.getHeaders().vary;
  reply.header('vary', [before ?? [], 'Accept'].flat().join(', '));
}

/** Sends the head of an answer whose body is written piece by piece, to the response that is returned. */
export function beginAnswer(reply: HttpReply): ServerResponse {
  reply.hijack?.();
  return rawResponse(reply).writeHead(reply.statusCode, reply.getHeaders());
}

/** Leaves a request without an answer: its caller has gone. */
export function abandon(reply: HttpReply): void {
  reply.hijack?.();
}
