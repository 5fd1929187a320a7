import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule, HttpService } from '@nestjs/axios';
import type { AlfrescoConfig } from '../config/app.config.js';
import { AlfrescoClient } from './alfresco.client.js';
import { apiPath } from './api-path.js';
import { AlfrescoCredentials } from './credentials/alfresco.credentials.js';
import { createCredentials } from './credentials/credentials.factory.js';
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
          baseURL: apiPath(config, 'alfresco'),
          transformRequest: [],
          transformResponse: [],
        }),
      ],
      providers: [
        { provide: UndiciTransport, useValue: transport },
        {
          provide: AlfrescoCredentials,
          useFactory: (http: HttpService) => createCredentials(config, http),
          inject: [HttpService],
        },
        AlfrescoClient,
      ],
      exports: [AlfrescoClient],
    };
  }
}
