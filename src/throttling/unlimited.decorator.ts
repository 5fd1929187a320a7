import { SkipThrottle } from '@nestjs/throttler';
import type { RateLimitName } from './rate-limits.js';

const EVERY_LIMIT: Record<RateLimitName, true> = { address: true, caller: true, create: true };

/** Takes routes out of all limits, as the probes of an orchestrator. */
export const Unlimited = () => SkipThrottle(EVERY_LIMIT);
