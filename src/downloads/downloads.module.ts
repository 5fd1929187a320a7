import { type DynamicModule, Module } from '@nestjs/common';
import { AlfrescoModule } from '../alfresco/alfresco.module.js';
import type { AlfrescoConfig } from '../config/app.config.js';
import { ContentService } from './content/content.service.js';
import { DownloadsController } from './downloads.controller.js';
import { DOWNLOADS_OPTIONS, type DownloadsOptions } from './downloads.options.js';
import { DownloadsService } from './downloads.service.js';
import { NodesController } from './nodes.controller.js';

/** The downloads API. Exports `DownloadsService` and the client it uses. */
@Module({})
export class DownloadsModule {
  static forRoot(options: DownloadsOptions & { readonly alfresco: AlfrescoConfig }): DynamicModule {
    const alfresco = AlfrescoModule.forRoot(options.alfresco);
    return {
      module: DownloadsModule,
      imports: [alfresco],
      controllers: [DownloadsController, NodesController],
      providers: [
        { provide: DOWNLOADS_OPTIONS, useValue: { maxNodeIds: options.maxNodeIds } },
        DownloadsService,
        ContentService,
      ],
      exports: [DownloadsService, alfresco],
    };
  }
}
