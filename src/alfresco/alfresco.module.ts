import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule, HttpService } from '@nestjs/axios';
import type { AlfrescoConfig } from '../config/app.config.js';
import { UpstreamMetrics } from '../observability/upstream.metrics.js';
import { UpstreamObserver } from '../observability/upstream.observer.js';
import { AlfrescoClient } from './alfresco.client.js';
import { AlfrescoExchange } from './alfresco.exchange.js';
import { apiPath } from './api-path.js';
import { ContentOpener } from './content/content.opener.js';
import { ContentPlaces } from './content/content.places.js';
import { AlfrescoCredentials } from './credentials/alfresco.credentials.js';
import { createCredentials } from './credentials/credentials.factory.js';
import { UndiciTransport } from './upstream/undici.transport.js';
import { UpstreamPolicy } from './upstream/upstream.policy.js';
import { axiosAdapter } from './upstream/wire.js';

/** Everything that knows Alfresco's wire, behind `AlfrescoClient`; `UpstreamPolicy` and `ContentPlaces` tell how it fares. */
@Module({})
export class AlfrescoModule {
  static forRoot(config: AlfrescoConfig): DynamicModule {
    const transport = new UndiciTransport(config);
    const policy = new UpstreamPolicy(config);
    const { origin } = new URL(config.url);
    const places = new ContentPlaces(config);
    return {
      module: AlfrescoModule,
      imports: [
        HttpModule.registerAsync({
          useFactory: (observer: UpstreamObserver) => ({
            adapter: axiosAdapter(observer.observe(transport.send, origin)),
            baseURL: apiPath(config, 'alfresco'),
            transformRequest: [],
            transformResponse: [],
          }),
          inject: [UpstreamObserver],
        }),
      ],
      providers: [
        { provide: UndiciTransport, useValue: transport },
        {
          provide: UpstreamPolicy,
          useFactory: (metrics: UpstreamMetrics) => {
            metrics.watch(policy);
            return policy;
          },
          inject: [UpstreamMetrics],
        },
        { provide: ContentPlaces, useValue: places },
        {
          provide: AlfrescoCredentials,
          useFactory: (http: HttpService) => createCredentials(config, http, policy),
          inject: [HttpService],
        },
        {
          provide: AlfrescoExchange,
          useFactory: (
            http: HttpService,
            observer: UpstreamObserver,
            credentials: AlfrescoCredentials,
          ) =>
            new AlfrescoExchange(
              http,
              observer.observe(transport.send, origin),
              credentials,
              policy,
            ),
          inject: [HttpService, UpstreamObserver, AlfrescoCredentials],
        },
        {
          provide: ContentOpener,
          useFactory: (exchange: AlfrescoExchange) =>
            new ContentOpener(exchange, policy, places, config),
          inject: [AlfrescoExchange],
        },
        AlfrescoClient,
      ],
      exports: [AlfrescoClient, UpstreamPolicy, ContentPlaces],
    };
  }
}
