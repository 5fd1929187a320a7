import { Injectable } from '@nestjs/common';
import type { AuthenticatedRequest } from '../auth/authenticated.request.js';
import { ANONYMOUS } from '../auth/caller.js';
import { RateLimitGuard } from './rate-limit.guard.js';

/** Limits each caller. Comes after the guard that knows who is calling. */
@Injectable()
export class CallerLimitGuard extends RateLimitGuard {
  protected override readonly limits = ['caller', 'create'] as const;

  /** Where everyone may call, everyone is the same caller: the address has to tell them apart. */
  protected override async getTracker(request: AuthenticatedRequest): Promise<string> {
    const { caller } = request;
    return caller && caller.id !== ANONYMOUS.id ? caller.id : super.getTracker(request);
  }
}
