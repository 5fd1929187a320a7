import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule, HttpService } from '@nestjs/axios';
import type { AlfrescoConfig } from '../config/app-config.js';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { UpstreamMetrics } from './http/upstream-metrics.js';
import { AlfrescoClient } from './alfresco.client.js';
import { ALFRESCO_CONFIG, apiPath } from './alfresco-api.js';
import { AlfrescoExchange } from './http/alfresco-exchange.js';
import { ContentOpener } from './content/content-opener.js';
import { TransferLimiter } from './content/transfer-limiter.js';
import { AlfrescoCredentials } from './credentials/alfresco-credentials.js';
import { createCredentials } from './credentials/credentials.factory.js';
import { UpstreamPolicy } from './http/upstream-policy.js';
import { WIRE, type Wire, axiosAdapter } from './http/transport.js';
import { WireModule } from './http/transport.module.js';

/** Everything that knows Alfresco's wire, behind `AlfrescoClient`; `UpstreamPolicy` and `TransferLimiter` tell how it fares. */
@Module({})
export class AlfrescoModule {
  /** @param options the module that exports `ALFRESCO_CONFIG` and `PACING_CONFIG`, and those who observe how Alfresco fares */
  static forRoot(options: DynamicModule): DynamicModule {
    const wire = WireModule.forRoot(options);
    return {
      module: AlfrescoModule,
      imports: [
        options,
        wire,
        HttpModule.registerAsync({
          imports: [options, wire],
          useFactory: (send: Wire, config: AlfrescoConfig) => ({
            adapter: axiosAdapter(send),
            baseURL: apiPath(config, 'alfresco'),
            transformRequest: [],
            transformResponse: [],
          }),
          inject: [WIRE, ALFRESCO_CONFIG],
        }),
      ],
      providers: [
        {
          provide: UpstreamPolicy,
          useFactory: (config: AlfrescoConfig, pacing: Pacing, metrics: UpstreamMetrics) => {
            const policy = new UpstreamPolicy(config, pacing);
            metrics.watch(policy);
            return policy;
          },
          inject: [ALFRESCO_CONFIG, PACING_CONFIG, UpstreamMetrics],
        },
        {
          provide: TransferLimiter,
          useFactory: (config: AlfrescoConfig) => new TransferLimiter(config),
          inject: [ALFRESCO_CONFIG],
        },
        {
          provide: AlfrescoCredentials,
          useFactory: createCredentials,
          inject: [ALFRESCO_CONFIG, HttpService, UpstreamPolicy, PACING_CONFIG],
        },
        AlfrescoExchange,
        {
          provide: ContentOpener,
          useFactory: (...parts: ConstructorParameters<typeof ContentOpener>) =>
            new ContentOpener(...parts),
          inject: [
            AlfrescoExchange,
            UpstreamPolicy,
            TransferLimiter,
            ALFRESCO_CONFIG,
            PACING_CONFIG,
          ],
        },
        AlfrescoClient,
      ],
      exports: [AlfrescoClient, UpstreamPolicy, TransferLimiter],
    };
  }
}
