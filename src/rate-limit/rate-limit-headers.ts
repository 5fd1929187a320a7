import type { FastifyReply } from 'fastify';

/** One limit, and how much of it is left. */
export interface RateLimit {
  /** A structured field's string (RFC 9651), so ASCII. */
  readonly name: string;
  readonly limit: number;
  readonly hits: number;
  /** Length of its window. */
  readonly windowSeconds: number;
  /** Until the window is over. */
  readonly resetSeconds: number;
}

/**
 * Adds a limit to the `RateLimit-Policy` and `RateLimit` of an answer, as in
 * draft-ietf-httpapi-ratelimit-headers-10: lists of structured fields, one item a limit.
 */
export function addRateLimitHeaders(reply: FastifyReply, rateLimit: RateLimit): void {
  const { name, limit, hits, windowSeconds, resetSeconds } = rateLimit;
  append(reply, 'ratelimit-policy', `"${name}";q=${limit};w=${windowSeconds}`);
  append(reply, 'ratelimit', `"${name}";r=${Math.max(0, limit - hits)};t=${resetSeconds}`);
}

function append(reply: FastifyReply, header: string, item: string): void {
  const former = reply.getHeader(header);
  reply.header(header, former === undefined ? item : `${String(former)}, ${item}`);
}
