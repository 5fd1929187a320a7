import { type DynamicModule, Module } from '@nestjs/common';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { UpstreamObserver } from './upstream-observer.js';
import { ALFRESCO_CONFIG } from '../alfresco-api.js';
import { UpstreamTransport } from './upstream-transport.js';
import { WIRE } from './transport.js';

/** The one `Wire` to Alfresco, with its pool of connections. */
@Module({})
export class WireModule {
  /** @param options the module that exports `ALFRESCO_CONFIG` and `UpstreamObserver` */
  static forRoot(options: DynamicModule): DynamicModule {
    return {
      module: WireModule,
      imports: [options],
      providers: [
        {
          provide: UpstreamTransport,
          useFactory: (config: AlfrescoConfig) => new UpstreamTransport(config),
          inject: [ALFRESCO_CONFIG],
        },
        {
          provide: WIRE,
          useFactory: (
            { send }: UpstreamTransport,
            observer: UpstreamObserver,
            { url }: AlfrescoConfig,
          ) => observer.observe(send, new URL(url).origin),
          inject: [UpstreamTransport, UpstreamObserver, ALFRESCO_CONFIG],
        },
      ],
      exports: [WIRE],
    };
  }
}
