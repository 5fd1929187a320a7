import { Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { FastifyReply } from 'fastify';
import type { AuthenticatedRequest } from '../auth/authenticated-request.js';
import { ANONYMOUS } from '../auth/caller.js';
import { clientAddress } from '../http/http-request.js';
import { countRequest } from './counted-request.js';

/** Limits each caller, with this service's problem and standard headers. Comes after the guard that knows who is calling. */
@Injectable()
export class CallerLimitGuard extends ThrottlerGuard {
  /** Where everyone may call, and by a link, anyone is the same caller: the address has to tell them apart. */
  protected override async getTracker(request: AuthenticatedRequest): Promise<string> {
    const { caller } = request;
    if (caller && caller.id !== ANONYMOUS.id && !caller.link) return caller.id;
    const address = await super.getTracker({ ip: clientAddress(request) });
    return caller?.link ? `link ${address}` : address;
  }

  /** @throws ProblemException TOO_MANY_REQUESTS */
  protected override async handleRequest(props: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, generateKey } = props;
    const http = context.switchToHttp();
    const tracker = await this.getTracker(http.getRequest<AuthenticatedRequest>());
    const name = throttler.name ?? 'default';
    const count = this.storageService.increment(
      generateKey(context, tracker, name),
      ttl,
      limit,
      props.blockDuration,
      name,
    );
    countRequest(http.getResponse<FastifyReply>(), { name, limit, windowMs: ttl }, await count);
    return true;
  }
}
