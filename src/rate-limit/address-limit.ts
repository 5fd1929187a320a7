import { Injectable } from '@nestjs/common';
import { normalizeIp } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from '../http/http-request.js';
import { countRequest } from './counted-request.js';
import { WINDOW_MS, counterKey } from './rate-limits.js';
import { type RateLimitStorage, toThrottlerRecord } from './rate-limit-storage.js';

const NAME = 'address';

/** Probes of an orchestrator, which must not fail because others ask too often. */
const PROBE = /^\/health\//;

/**
 * Limits the requests of each address (of IPv6, each /64): of the API, the docs, the pages about problems and the metrics,
 * and for paths that do not exist.
 */
@Injectable()
export class AddressLimit {
  constructor(
    private readonly storage: RateLimitStorage,
    private readonly limit: number,
  ) {}

  /**
   * Counts a request before its body is read, and before anyone is asked who it is.
   * @throws ProblemException TOO_MANY_REQUESTS
   */
  async count(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (PROBE.test(request.routeOptions.url ?? '')) return;
    const key = counterKey(NAME, normalizeIp(clientAddress(request)));
    const count = toThrottlerRecord(await this.storage.hit(key, WINDOW_MS), this.limit);
    countRequest(reply, { name: NAME, limit: this.limit, windowMs: WINDOW_MS }, count);
  }
}
