import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { AuthenticatedRequest } from './auth/caller.js';
import { AuthModule } from './auth/auth.module.js';
import { CallerGuard } from './auth/caller.guard.js';
import { TicketGuard } from './auth/tickets/ticket.guard.js';
import { TicketsModule } from './auth/tickets/tickets.module.js';
import { ticketsPath } from './auth/tickets/tickets-path.js';
import type { AppConfig } from './config/app-config.js';
import type { WorkerContext } from './config/worker-context.js';
import { DownloadsModule } from './downloads/downloads.module.js';
import type { ServiceOptions } from './downloads/downloads-options.js';
import { openRegistry } from './downloads/registry/registry.factory.js';
import { HealthModule } from './health/health.module.js';
import {
  ObservabilityModule,
  type ObservabilityOptions,
} from './observability/observability.module.js';
import { createProcessMetrics } from './observability/process-metrics.js';
import { problemPages } from './problems/problem-document.js';
import { ServerModule } from './server/server.module.js';
import { CallerLimitGuard } from './rate-limit/caller-limit.guard.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';

/** Puts the service together from its configuration. */
@Module({})
export class AppModule {
  static forRoot(
    config: AppConfig,
    observability: Omit<ObservabilityOptions, 'metrics' | 'registry' | 'worker'>,
    worker?: WorkerContext,
  ): DynamicModule {
    const registry = createProcessMetrics();
    const options: ServiceOptions = {
      ...config.downloads,
      alfresco: config.alfresco,
      links: config.links,
      // Opened here, so that a start fails with one message when it cannot be.
      store: openRegistry(config.store, config.pacing.store),
      metrics: registry,
      callerOf: ({ caller }: AuthenticatedRequest) => caller,
      problemPages: problemPages(config.http.apiPrefix),
      pacing: config.pacing,
    };
    const downloads = DownloadsModule.forRoot(options);
    const server = ServerModule.forRoot(config);
    const throttling = RateLimitModule.forRoot(config, worker);
    const login = ticketsPath(config);
    return {
      module: AppModule,
      imports: [
        ObservabilityModule.forRoot({
          ...observability,
          registry,
          metrics: config.metrics,
          worker,
        }),
        server,
        throttling,
        AuthModule.forRoot(config, throttling),
        ...(login === undefined ? [] : [TicketsModule.forRoot(login, config, throttling)]),
        downloads,
        HealthModule.forRoot(downloads, server, config.pacing),
      ],
      providers: guards(config),
    };
  }
}

/** In the order in which they run: a caller is limited after it is known who calls. */
function guards(config: AppConfig): Provider[] {
  const { rateLimit } = config;
  const hasTickets = ticketsPath(config) !== undefined;
  return [
    ...(hasTickets ? [{ provide: APP_GUARD, useExisting: TicketGuard }] : []),
    { provide: APP_GUARD, useExisting: CallerGuard },
    ...(rateLimit ? [{ provide: APP_GUARD, useClass: CallerLimitGuard }] : []),
  ];
}
