import { type DynamicModule, Module } from '@nestjs/common';
import { AlfrescoModule } from '../alfresco/alfresco.module.js';
import { ContentController } from './content/content.controller.js';
import { ContentService } from './content/content.service.js';
import { CreationService } from './creation.service.js';
import { DeliveryService } from './delivery.service.js';
import { DownloadsController } from './downloads.controller.js';
import type { DownloadsModuleOptions } from './downloads-options.js';
import { type DownloadsModuleAsyncOptions, OptionsModule } from './downloads-options.module.js';
import { DownloadsService } from './downloads.service.js';
import { IdempotencyService } from './idempotency.service.js';
import { NodesController } from './nodes.controller.js';
import { OwnershipService } from './ownership.service.js';
import { DownloadEndings, ProgressTracker } from './progress/progress-tracker.js';
import { EventsController } from './progress/events.controller.js';
import { EventsService } from './progress/events.service.js';
import { ProgressSharing } from './progress/progress-sharing.js';
import { RegistryModule } from './registry/registry.module.js';
import { RemovalService } from './removal.service.js';
import { RunningTasks } from './running-tasks.js';

/**
 * The downloads API, for any Nest application on Fastify or Express: its routes with their validation, problem documents and
 * OpenAPI descriptions, and what stands behind them.
 *
 * The application authenticates, with a guard of its own that lets requests with a signed link pass (`hasSignedLink`), and
 * says by `callerOf` whom it has found. Where the routes are is up to Nest's `RouterModule` and `setGlobalPrefix`. The end
 * of the application has to reach the module (`app.close()` or `enableShutdownHooks()`).
 *
 * Exports `CreationService`, `DownloadsService`, and the client and registry that they use.
 */
@Module({})
export class DownloadsModule {
  static forRoot(options: DownloadsModuleOptions): DynamicModule {
    return this.with(OptionsModule.forRoot(options));
  }

  /** With options that other providers are needed for. */
  static forRootAsync(options: DownloadsModuleAsyncOptions): DynamicModule {
    return this.with(OptionsModule.forRootAsync(options));
  }

  private static with(options: DynamicModule): DynamicModule {
    const [alfresco, registry] = [AlfrescoModule.forRoot(options), RegistryModule.forRoot(options)];
    return {
      module: DownloadsModule,
      imports: [options, alfresco, registry],
      controllers: [DownloadsController, EventsController, ContentController, NodesController],
      providers: [
        CreationService,
        DownloadsService,
        OwnershipService,
        IdempotencyService,
        ContentService,
        DeliveryService,
        DownloadEndings,
        ProgressSharing,
        ProgressTracker,
        EventsService,
        RemovalService,
        RunningTasks,
      ],
      exports: [CreationService, DownloadsService, alfresco, registry],
    };
  }
}
