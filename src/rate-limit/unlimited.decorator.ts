import { SkipThrottle } from '@nestjs/throttler';
import type { RateLimitName } from './rate-limits.js';

const EVERY_LIMIT: Record<RateLimitName, true> = { caller: true, create: true };

/** Takes routes that everyone may call out of the limits on callers. */
export const Unlimited = () => SkipThrottle(EVERY_LIMIT);
