import { Injectable } from '@nestjs/common';
import { RateLimitGuard } from './rate-limit.guard.js';

/** Limits each address (of IPv6, each /64), before anyone is asked who it is. */
@Injectable()
export class AddressLimitGuard extends RateLimitGuard {
  protected override readonly limits = ['address'] as const;
}
