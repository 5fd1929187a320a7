import { type DynamicModule, Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Primary } from '../cluster/primary.channel.js';
import type { RateLimitConfig, StoreConfig } from '../config/app.config.js';
import { FailedLogins } from './failed-logins.js';
import { MemoryThrottlerStorage } from './memory.throttler.storage.js';
import { PrimaryThrottlerStorage } from './primary.throttler.storage.js';
import type { RateLimitStorage } from './rate-limit.storage.js';
import { throttlerOptions } from './rate-limits.js';
import { RedisThrottlerStorage } from './redis.throttler.storage.js';

/** Limits per address, per caller and on failed logins; shared through Redis when the store is Redis, and between the workers of one machine. */
@Module({})
export class ThrottlingModule {
  /** @param limits none: nothing is limited */
  static forRoot(
    limits: RateLimitConfig | undefined,
    store: StoreConfig,
    primary?: Primary,
  ): DynamicModule {
    if (!limits) return { module: ThrottlingModule };
    const storage = createStorage(store, primary);
    return {
      module: ThrottlingModule,
      imports: [ThrottlerModule.forRoot(throttlerOptions(limits, storage))],
      providers: [
        {
          provide: FailedLogins,
          useValue: new FailedLogins(storage, limits.failedLogins, primary?.workers),
        },
      ],
      exports: [FailedLogins],
    };
  }
}

function createStorage({ url }: StoreConfig, primary: Primary | undefined): RateLimitStorage {
  if (url.startsWith('redis')) return new RedisThrottlerStorage(url);
  return primary ? new PrimaryThrottlerStorage(primary) : new MemoryThrottlerStorage();
}
