import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthModule } from './auth/auth.module.js';
import { callerIdAt } from './auth/caller.js';
import { CallerGuard } from './auth/caller.guard.js';
import type { AppConfig } from './config/app-config.js';
import type { ServiceOptions } from './downloads/downloads-options.js';
import { DownloadRegistry } from './downloads/registry/download-registry.js';
import { OwnerMigration } from './downloads/registry/owner-migration.js';
import { DownloadsModule } from './downloads/downloads.module.js';
import { openPeers } from './downloads/progress/peers.factory.js';
import { openRegistry } from './downloads/registry/registry.factory.js';
import { HealthModule } from './health/health.module.js';
import { createProcessMetrics } from './observability/metrics.js';
import { ObservabilityModule, type Observation } from './observability/observability.module.js';
import { ProblemsController } from './problem-pages/problems.controller.js';
import { problemPages } from './problems/problem-document.js';
import { CallerLimitGuard } from './rate-limit/caller-limit.guard.js';
import { RateLimitModule } from './rate-limit/rate-limit.module.js';
import { ServerModule } from './server/server.module.js';

/** Puts the service together from its configuration. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, observation: Observation): DynamicModule {
    const registry = createProcessMetrics();
    const options: ServiceOptions = {
      ...config.downloads,
      alfresco: config.alfresco,
      links: config.links,
      // Opened here, so that a start fails with one message when it cannot be.
      store: openRegistry(config.store, config.pacing.store),
      peers: openPeers(config.store.url, config.pacing, observation.worker),
      metrics: registry,
      // Never called: `CallerGuard` runs for all routes.
      callerOf: () => undefined,
      problemPages: problemPages(config.http.apiPrefix),
      pacing: config.pacing,
    };
    const downloads = DownloadsModule.forRoot(options);
    return {
      module: AppModule,
      imports: [
        ObservabilityModule.forRoot(config, observation, registry),
        ServerModule.forRoot(config),
        RateLimitModule.forRoot(config, observation.worker),
        AuthModule.forRoot(config),
        downloads,
        HealthModule.forRoot(downloads, config.pacing),
      ],
      controllers: [ProblemsController],
      providers: [...guards(config), ...ownerMigration(config)],
    };
  }
}

function ownerMigration({ auth: { oidc, session } }: AppConfig): Provider[] {
  const issuer = (oidc ?? session)?.issuer;
  if (issuer === undefined) return [];
  return [
    {
      provide: OwnerMigration,
      useFactory: (registry: DownloadRegistry) =>
        new OwnerMigration(registry, callerIdAt(issuer, '')),
      inject: [DownloadRegistry],
    },
  ];
}

/**
 * In the order in which they run. Before them, hooks of Fastify limit each address and refuse what no route takes, so that
 * such requests cost no verification of credentials; the limits on callers need the caller, and so come last.
 */
function guards({ rateLimit }: AppConfig): Provider[] {
  return [
    { provide: APP_GUARD, useExisting: CallerGuard },
    ...(rateLimit ? [{ provide: APP_GUARD, useClass: CallerLimitGuard }] : []),
  ];
}
