import { type DynamicModule, Module } from '@nestjs/common';
import { AlfrescoModule } from '../alfresco/alfresco.module.js';
import type { AlfrescoConfig, StoreConfig } from '../config/app.config.js';
import { ContentController } from './content/content.controller.js';
import { ContentService } from './content/content.service.js';
import { CreationService } from './creation.service.js';
import { DeliveryService } from './delivery.service.js';
import { DownloadsController } from './downloads.controller.js';
import type { DownloadsConfig } from '../config/app.config.js';
import { DOWNLOADS_CONFIG } from './downloads.config.js';
import { DownloadsService } from './downloads.service.js';
import { IdempotencyService } from './idempotency.service.js';
import { NodesController } from './nodes.controller.js';
import { OwnershipService } from './ownership.service.js';
import { EventsController } from './progress/events.controller.js';
import { EventsService } from './progress/events.service.js';
import { ProgressTracker } from './progress/progress.tracker.js';
import { RegistryModule } from './registry/registry.module.js';

/** What the downloads API needs from outside. */
export interface DownloadsModuleOptions extends DownloadsConfig {
  readonly alfresco: AlfrescoConfig;
  readonly store: StoreConfig;
}

/** The downloads API. Exports `CreationService`, `DownloadsService`, and the client and registry that it uses. */
@Module({})
export class DownloadsModule {
  static forRoot({ alfresco, store, ...options }: DownloadsModuleOptions): DynamicModule {
    const [alfrescoModule, registryModule] = [
      AlfrescoModule.forRoot(alfresco),
      RegistryModule.forRoot(store),
    ];
    return {
      module: DownloadsModule,
      imports: [alfrescoModule, registryModule],
      controllers: [DownloadsController, EventsController, ContentController, NodesController],
      providers: [
        { provide: DOWNLOADS_CONFIG, useValue: options },
        CreationService,
        DownloadsService,
        OwnershipService,
        IdempotencyService,
        ContentService,
        DeliveryService,
        ProgressTracker,
        EventsService,
      ],
      exports: [CreationService, DownloadsService, alfrescoModule, registryModule],
    };
  }
}
