import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule } from '@nestjs/axios';
import type { AlfrescoConfig } from '../config/app-config.js';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { ALFRESCO_CONFIG } from './alfresco-api.js';
import { AlfrescoClient } from './alfresco.client.js';
import { ContentOpener } from './content/content-opener.js';
import { TransferLimiter } from './content/transfer-limiter.js';
import { AlfrescoCredentials } from './credentials/alfresco-credentials.js';
import { BasicCredentials } from './credentials/basic-credentials.js';
import { OAuth2Login } from './credentials/oauth2-login.js';
import { RemoteUserCredentials } from './credentials/remote-user-credentials.js';
import { RenewedCredentials } from './credentials/renewed-credentials.js';
import { TicketLogin } from './credentials/ticket-login.js';
import { CircuitBreakers } from './http/circuit-breaker.js';
import { UpstreamMetrics, observation } from './http/observation.js';
import { ANONYMOUS_SEND, AUTHORIZED_SEND, UpstreamPipeline } from './http/pipeline.js';
import { UpstreamTransport } from './http/transport.js';
import { type Layer, type Send, UpstreamEvents } from './http/upstream-call.js';

const OBSERVATION = Symbol('OBSERVATION');

/** Everything that knows Alfresco's REST API, behind `AlfrescoClient`; the other exports show how its calls fare. */
@Module({})
export class AlfrescoModule {
  /** @param options the module that exports `ALFRESCO_CONFIG`, `PACING_CONFIG` and `Metrics` */
  static forRoot(options: DynamicModule): DynamicModule {
    return {
      module: AlfrescoModule,
      imports: [options, HttpModule],
      providers: [
        AlfrescoClient,
        ContentOpener,
        TransferLimiter,
        UpstreamEvents,
        CircuitBreakers,
        UpstreamMetrics,
        UpstreamTransport,
        UpstreamPipeline,
        {
          provide: OBSERVATION,
          useFactory: (metrics: UpstreamMetrics, { url }: AlfrescoConfig) =>
            observation(metrics, new URL(url).origin),
          inject: [UpstreamMetrics, ALFRESCO_CONFIG],
        },
        {
          provide: ANONYMOUS_SEND,
          useFactory: (pipeline: UpstreamPipeline, { send }: UpstreamTransport, observe: Layer) =>
            pipeline.compose(send, { observation: observe }),
          inject: [UpstreamPipeline, UpstreamTransport, OBSERVATION],
        },
        {
          provide: AlfrescoCredentials,
          useFactory: createCredentials,
          inject: [ALFRESCO_CONFIG, ANONYMOUS_SEND, UpstreamPipeline, PACING_CONFIG],
        },
        {
          provide: AUTHORIZED_SEND,
          useFactory: (
            pipeline: UpstreamPipeline,
            { send }: UpstreamTransport,
            observe: Layer,
            credentials: AlfrescoCredentials,
          ) =>
            pipeline.compose(send, {
              observation: observe,
              credentials: (next) => credentials.apply(next),
            }),
          inject: [UpstreamPipeline, UpstreamTransport, OBSERVATION, AlfrescoCredentials],
        },
      ],
      exports: [AlfrescoClient, UpstreamEvents, CircuitBreakers, TransferLimiter],
    };
  }
}

/** The credentials that the configuration asks for. */
function createCredentials(
  config: AlfrescoConfig,
  anonymous: Send,
  pipeline: UpstreamPipeline,
  { login }: Pick<Pacing, 'login'>,
): AlfrescoCredentials {
  if (config.onBehalfOf === 'remote-user') return new RemoteUserCredentials();
  if (config.oauth2) {
    return new RenewedCredentials(new OAuth2Login(config, config.oauth2, pipeline), login);
  }
  return config.auth === 'ticket'
    ? new RenewedCredentials(new TicketLogin(anonymous, config), login)
    : new BasicCredentials(config.username, config.password, login);
}
