import { Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ANONYMOUS, type AuthenticatedRequest, CALLER } from '../auth/caller.js';
import { clientAddress } from '../http/http-request.js';
import { enforceLimit } from './rate-limits.js';

type LimitedRequest = FastifyRequest & AuthenticatedRequest;

/**
 * Limits each caller, with this service's problem and standard headers.
 *
 * Runs after `CallerGuard`: by address alone, the callers behind one proxy would share a limit, and one caller with many
 * addresses would have many.
 */
@Injectable()
export class CallerLimitGuard extends ThrottlerGuard {
  /** Where everyone may call, and by a link, anyone is the same caller: the address has to tell them apart. */
  protected override async getTracker(request: LimitedRequest): Promise<string> {
    const { [CALLER]: caller } = request;
    if (caller && caller.id !== ANONYMOUS.id && !caller.link) return caller.id;
    const address = await super.getTracker({ ip: clientAddress(request) });
    return caller?.link ? `link ${address}` : address;
  }

  /** @throws ProblemException TOO_MANY_REQUESTS */
  protected override async handleRequest(props: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, generateKey } = props;
    const http = context.switchToHttp();
    const tracker = await this.getTracker(http.getRequest<LimitedRequest>());
    const name = throttler.name ?? 'default';
    const key = generateKey(context, tracker, name);
    const count = await this.storageService.increment(key, ttl, limit, props.blockDuration, name);
    enforceLimit(http.getResponse<FastifyReply>(), name, limit, count);
    return true;
  }
}
