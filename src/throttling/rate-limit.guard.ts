import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import type { AuthenticatedRequest } from '../auth/authenticated.request.js';
import { clientAddress } from '../http/client-address.js';
import { ProblemException } from '../problems/problem.exception.js';
import { addRateLimitHeaders } from './rate-limit.headers.js';
import type { RateLimitName } from './rate-limits.js';

/** The guard of `@nestjs/throttler` for some of the limits, with this service's problem and standard headers. */
export abstract class RateLimitGuard extends ThrottlerGuard {
  protected abstract readonly limits: readonly RateLimitName[];

  override async onModuleInit(): Promise<void> {
    await super.onModuleInit();
    this.throttlers = this.throttlers.filter(({ name }) =>
      this.limits.some((limit) => limit === name),
    );
  }

  protected override getTracker(request: AuthenticatedRequest): Promise<string> {
    return super.getTracker({ ip: clientAddress(request) });
  }

  /** @throws ProblemException TOO_MANY_REQUESTS */
  protected override async handleRequest(props: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, blockDuration, throttler, generateKey } = props;
    const http = context.switchToHttp();
    const tracker = await this.getTracker(http.getRequest<AuthenticatedRequest>());
    const name = throttler.name ?? 'default';
    const key = generateKey(context, tracker, name);
    const { totalHits, timeToExpire, isBlocked, timeToBlockExpire } =
      await this.storageService.increment(key, ttl, limit, blockDuration, name);
    addRateLimitHeaders(http.getResponse<FastifyReply>(), {
      name,
      limit,
      hits: totalHits,
      windowSeconds: ttl / 1000,
      resetSeconds: timeToExpire,
    });
    if (isBlocked) throw tooManyRequests(timeToBlockExpire);
    return true;
  }
}

/** The refusal of a request over a limit. */
export function tooManyRequests(retryAfterSeconds: number): ProblemException {
  return new ProblemException('TOO_MANY_REQUESTS', {
    headers: { 'retry-after': String(Math.max(1, retryAfterSeconds)) },
  });
}
