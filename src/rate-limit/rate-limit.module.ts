import { type DynamicModule, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { AppConfig } from '../config/app-config.js';
import type { WorkerContext } from '../config/worker-context.js';
import { openStore } from '../store/open-store.js';
import { AddressLimit } from './address-limit.js';
import { FailedLogins } from './failed-logins.js';
import { MemoryThrottlerStorage } from './memory-throttler-storage.js';
import { PrimaryThrottlerStorage } from './primary-throttler-storage.js';
import type { RateLimitStorage } from './rate-limit-storage.js';
import { throttlerOptions } from './rate-limits.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

type ThrottlingConfig = Pick<AppConfig, 'rateLimit' | 'store' | 'pacing'>;

/** Limits per address, per caller and on failed logins; shared through Redis when the store is Redis, and between the workers of one machine. */
@Module({})
export class ThrottlingModule {
  /** Without `rateLimit`, nothing is limited. */
  static forRoot(config: ThrottlingConfig, worker?: WorkerContext): DynamicModule {
    const { rateLimit: limits } = config;
    if (!limits) return { module: ThrottlingModule };
    const storage = createStorage(config, worker);
    return {
      module: ThrottlingModule,
      imports: [ThrottlerModule.forRoot(throttlerOptions(limits, storage))],
      providers: [
        {
          provide: FailedLogins,
          useValue: new FailedLogins(storage, limits.failedLogins),
        },
        { provide: AddressLimit, useValue: new AddressLimit(storage, limits.perAddress) },
      ],
      exports: [AddressLimit, FailedLogins],
    };
  }
}

function createStorage(
  { store, pacing }: ThrottlingConfig,
  worker?: WorkerContext,
): RateLimitStorage {
  return openStore<RateLimitStorage>(store.url, {
    sqlite: () =>
      worker ? new PrimaryThrottlerStorage(worker.counters) : new MemoryThrottlerStorage(),
    redis: (url) => new RedisThrottlerStorage(url, pacing.limits),
  });
}
