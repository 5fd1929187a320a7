import { normalizeIp } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Counters } from '../config/worker-context.js';
import { clientAddress } from '../http/http-request.js';
import { WINDOW_MS, counterKey, enforceLimit, toThrottlerRecord } from './rate-limits.js';

const NAME = 'address';

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
    const key = counterKey(NAME, normalizeIp(clientAddress(request)));
    const count = toThrottlerRecord(await this.counters.hit(key, WINDOW_MS), this.limit);
    enforceLimit(reply, NAME, this.limit, count);
  }
}
