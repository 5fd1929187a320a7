import { createHash } from 'node:crypto';
import type { ExecutionContext } from '@nestjs/common';
import { type ThrottlerModuleOptions, minutes } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import type { RateLimitConfig } from '../config/app-config.js';
import type { RateLimitStorage } from './rate-limit-storage.js';

/** Names of the limits on callers, also in the headers of an answer. */
export type RateLimitName = 'caller' | 'create';

export const WINDOW_MS = minutes(1);

/** The limits of `RATE_LIMIT_*` as options of `@nestjs/throttler`. */
export function throttlerOptions(
  { perCaller, create }: RateLimitConfig,
  storage: RateLimitStorage,
): ThrottlerModuleOptions {
  return {
    storage,
    // One counter for all routes; the default would be one for each.
    generateKey: (_context, tracker, name) => counterKey(name, tracker),
    throttlers: [
      throttler('caller', perCaller),
      { ...throttler('create', create), skipIf: (context) => !isCreation(context) },
    ],
  };
}

function throttler(name: RateLimitName, limit: number) {
  return { name, limit, ttl: WINDOW_MS };
}

/** Key of a counter. Names and subjects are the callers' own text, of any length: they are hashed. */
export function counterKey(name: string, who: string): string {
  return `${name}:${createHash('sha256').update(who).digest('base64url')}`;
}

function isCreation(context: ExecutionContext): boolean {
  const { method, routeOptions } = context.switchToHttp().getRequest<FastifyRequest>();
  return method === 'POST' && /(?:^|\/)downloads(?:\/content)?$/.test(routeOptions.url ?? '');
}
