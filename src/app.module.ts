import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthModule } from './auth/auth.module.js';
import { CallerGuard } from './auth/caller.guard.js';
import type { Primary } from './cluster/primary.channel.js';
import type { AppConfig } from './config/app.config.js';
import { DownloadsModule } from './downloads/downloads.module.js';
import { HealthModule } from './health/health.module.js';
import {
  ObservabilityModule,
  type ObservabilityOptions,
} from './observability/observability.module.js';
import { ProblemsModule } from './problems/problems.module.js';
import { ShutdownModule } from './shutdown/shutdown.module.js';
import { AddressLimitGuard } from './throttling/address-limit.guard.js';
import { CallerLimitGuard } from './throttling/caller-limit.guard.js';
import { ThrottlingModule } from './throttling/throttling.module.js';

/** Puts the service together from its configuration. */
@Module({})
export class AppModule {
  static forRoot(
    config: AppConfig,
    observability: Omit<ObservabilityOptions, 'metrics' | 'primary'>,
    primary?: Primary,
  ): DynamicModule {
    const downloads = DownloadsModule.forRoot({
      ...config.downloads,
      alfresco: config.alfresco,
      store: config.store,
    });
    const shutdown = ShutdownModule.forRoot(config.shutdownGraceMs);
    const throttling = ThrottlingModule.forRoot(config.rateLimit, config.store, primary);
    return {
      module: AppModule,
      imports: [
        ObservabilityModule.forRoot({ ...observability, metrics: config.metrics, primary }),
        ProblemsModule,
        shutdown,
        throttling,
        AuthModule.forRoot(config.auth, config.links, throttling),
        downloads,
        HealthModule.forRoot(downloads, shutdown),
      ],
      providers: guards(config),
    };
  }
}

/** In the order in which they run: an address is limited before, a caller after it is known who calls. */
function guards({ rateLimit }: AppConfig): Provider[] {
  return [
    ...(rateLimit ? [{ provide: APP_GUARD, useClass: AddressLimitGuard }] : []),
    { provide: APP_GUARD, useExisting: CallerGuard },
    ...(rateLimit ? [{ provide: APP_GUARD, useClass: CallerLimitGuard }] : []),
  ];
}
