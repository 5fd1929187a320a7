import { type DynamicModule, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { AppConfig } from '../config/app-config.js';
import type { Counters, WorkerContext } from '../config/worker-context.js';
import { openStore } from '../store/open-store.js';
import { LoginThrottle } from '../auth/user-directory.js';
import { AddressLimit, throttlerOptions } from './rate-limits.js';
import { FailedLogins } from './failed-logins.js';
import { MemoryCounters } from './memory-counters.js';
import { RedisCounters } from './redis-counters.js';

/** Injection token of the `Counters` of all limits. */
const COUNTERS = Symbol('COUNTERS');

type RateLimitSettings = Pick<AppConfig, 'rateLimit' | 'store' | 'pacing'>;

/** Limits per address, per caller and on failed logins; shared through Redis when the store is Redis, and between the workers of one machine. */
@Module({})
export class RateLimitModule {
  /** Without `rateLimit`, nothing is limited. */
  static forRoot(config: RateLimitSettings, worker?: WorkerContext): DynamicModule {
    const { rateLimit: limits } = config;
    if (!limits) return { module: RateLimitModule };
    const counters = createCounters(config, worker);
    return {
      module: RateLimitModule,
      global: true,
      imports: [ThrottlerModule.forRoot(throttlerOptions(limits, counters))],
      providers: [
        // Provided for its hooks: those of Redis connect and disconnect.
        { provide: COUNTERS, useValue: counters },
        { provide: LoginThrottle, useValue: new FailedLogins(counters, limits.failedLogins) },
        { provide: AddressLimit, useValue: new AddressLimit(counters, limits.perAddress) },
      ],
      exports: [AddressLimit, LoginThrottle],
    };
  }
}

function createCounters({ store, pacing }: RateLimitSettings, worker?: WorkerContext): Counters {
  return openStore<Counters>(store.url, {
    sqlite: () => worker?.counters ?? new MemoryCounters(),
    redis: (url) => new RedisCounters(url, pacing.limits),
  });
}
