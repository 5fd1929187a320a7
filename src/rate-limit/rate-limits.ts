import { hash } from 'node:crypto';
import type { ExecutionContext } from '@nestjs/common';
import {
  SkipThrottle,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
  minutes,
  normalizeIp,
} from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RateLimitConfig } from '../config/app-config.js';
import type { Count, Counters } from '../config/worker-context.js';
import { ProblemException } from '../problems/problem.exception.js';
import { clientAddress } from '../http/http-request.js';

/** Names of the limits on callers, also in the headers of a response. */
type RateLimitName = 'caller' | 'create';

type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

export const WINDOW_MS = minutes(1);

const EVERY_LIMIT: Record<RateLimitName, true> = { caller: true, create: true };

/** Takes routes that everyone may call out of the limits on callers. */
export const Unlimited = () => SkipThrottle(EVERY_LIMIT);

/** The limits of `RATE_LIMIT_*` as options of `@nestjs/throttler`. */
export function throttlerOptions({ perCaller, create }: RateLimitConfig, counters: Counters) {
  return {
    storage: {
      increment: async (key, ttl, limit) => toThrottlerRecord(await counters.hit(key, ttl), limit),
    } satisfies ThrottlerStorage,
    // One counter for all routes; the default would be one for each.
    generateKey: (_context, tracker, name) => counterKey(name, tracker),
    throttlers: [
      throttler('caller', perCaller),
      { ...throttler('create', create), skipIf: (context) => !isCreation(context) },
    ],
  } satisfies ThrottlerModuleOptions;
}

function throttler(name: RateLimitName, limit: number) {
  return { name, limit, ttl: WINDOW_MS };
}

function isCreation(context: ExecutionContext): boolean {
  const { method, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
  return method === 'POST' && /(?:^|\/)downloads(?:\/content)?$/.test(routeOptions.url ?? '');
}

/** Key of a counter. Names and subjects are the callers' own text, of any length: they are hashed. */
export function counterKey(name: string, who: string): string {
  return `${name}:${hash('sha256', who, 'base64url')}`;
}

/** A counter as `@nestjs/throttler` reads it; being blocked ends with the window. */
export function toThrottlerRecord({ hits, resetMs }: Count, limit: number): ThrottlerRecord {
  const seconds = Math.ceil(resetMs / 1000);
  return {
    totalHits: hits,
    timeToExpire: seconds,
    isBlocked: hits > limit,
    timeToBlockExpire: seconds,
  };
}

/**
 * Adds a limit to the `RateLimit-Policy` and `RateLimit` of a response, as in draft-ietf-httpapi-ratelimit-headers-10 (lists
 * of structured fields, one item a limit), and refuses a request beyond it.
 *
 * @param name a string of structured fields (RFC 9651), so ASCII
 * @throws ProblemException TOO_MANY_REQUESTS
 */
export function enforceLimit(
  reply: FastifyReply,
  name: string,
  limit: number,
  { totalHits, timeToExpire, isBlocked, timeToBlockExpire }: ThrottlerRecord,
): void {
  const left = Math.max(0, limit - totalHits);
  append(reply, 'ratelimit-policy', `"${name}";q=${limit};w=${WINDOW_MS / 1000}`);
  append(reply, 'ratelimit', `"${name}";r=${left};t=${timeToExpire}`);
  if (isBlocked) throw tooManyRequests(timeToBlockExpire);
}

export function tooManyRequests(retryAfterSeconds: number): ProblemException {
  return new ProblemException('TOO_MANY_REQUESTS', {
    headers: { 'retry-after': String(Math.max(1, retryAfterSeconds)) },
  });
}

function append(reply: FastifyReply, header: string, item: string): void {
  const former = reply.getHeader(header);
  reply.header(header, former === undefined ? item : `${String(former)}, ${item}`);
}

const ADDRESS = 'address';

/** Probes of an orchestrator, which must not fail because others ask too often. */
const PROBE = /^\/health\//;

/**
 * Limits the requests of each address (of IPv6, each /64): of the API, the docs, the pages about problems and the metrics,
 * and for paths that do not exist.
 *
 * A hook of Fastify rather than a guard: guards run only for routes, and after the body has been read.
 */
export class AddressLimit {
  constructor(
    private readonly counters: Counters,
    private readonly limit: number,
  ) {}

  /** @throws ProblemException TOO_MANY_REQUESTS */
  async count(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (PROBE.test(request.routeOptions.url ?? '')) return;
    const key = counterKey(ADDRESS, normalizeIp(clientAddress(request)));
    const count = toThrottlerRecord(await this.counters.hit(key, WINDOW_MS), this.limit);
    enforceLimit(reply, ADDRESS, this.limit, count);
  }
}
