import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule } from '@nestjs/axios';
import type { AlfrescoConfig } from '../config/app.config.js';
import { AlfrescoClient } from './alfresco.client.js';
import { AlfrescoCredentials } from './alfresco.credentials.js';
import { UndiciTransport } from './undici.transport.js';

/** Everything that knows Alfresco's wire, behind `AlfrescoClient`. */
@Module({})
export class AlfrescoModule {
  static forRoot(config: AlfrescoConfig): DynamicModule {
    const transport = new UndiciTransport(config);
    return {
      module: AlfrescoModule,
      imports: [
        HttpModule.register({
          adapter: transport.adapter,
          baseURL: `${new URL(config.url).pathname.replace(/\/$/, '')}/api/${config.tenant}/public/alfresco/versions/1`,
          transformRequest: [],
          transformResponse: [],
        }),
      ],
      providers: [
        { provide: UndiciTransport, useValue: transport },
        { provide: AlfrescoCredentials, useValue: new AlfrescoCredentials(config) },
        AlfrescoClient,
      ],
      exports: [AlfrescoClient],
    };
  }
}
