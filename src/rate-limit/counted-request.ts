import type { FastifyReply } from 'fastify';
import { ProblemException } from '../problems/problem.exception.js';
import { addRateLimitHeaders } from './rate-limit-headers.js';
import type { toThrottlerRecord } from './rate-limit-storage.js';

interface Limit {
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
}

/**
 * Says in the response what is left of a limit, and refuses a request beyond it.
 * @throws ProblemException TOO_MANY_REQUESTS
 */
export function countRequest(
  reply: FastifyReply,
  { name, limit, windowMs }: Limit,
  count: ReturnType<typeof toThrottlerRecord>,
): void {
  addRateLimitHeaders(reply, {
    name,
    limit,
    hits: count.totalHits,
    windowSeconds: windowMs / 1000,
    resetSeconds: count.timeToExpire,
  });
  if (count.isBlocked) throw tooManyRequests(count.timeToBlockExpire);
}

/** The refusal of a request over a limit. */
export function tooManyRequests(retryAfterSeconds: number): ProblemException {
  return new ProblemException('TOO_MANY_REQUESTS', {
    headers: { 'retry-after': String(Math.max(1, retryAfterSeconds)) },
  });
}
