import { type DynamicModule, Module } from '@nestjs/common';
import { HttpModule } from '@nestjs/axios';
import { CallerTokens } from '../auth/caller-tokens.js';
import { type AlfrescoConfig, ConfigurationError } from '../config/app-config.js';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { ALFRESCO_CONFIG } from './alfresco-api.js';
import { AlfrescoClient } from './alfresco.client.js';
import { ContentOpener } from './content/content-opener.js';
import { TransferLimiter } from './content/transfer-limiter.js';
import { AlfrescoCredentials } from './credentials/alfresco-credentials.js';
import { BasicCredentials } from './credentials/basic-credentials.js';
import { CallerTokenCredentials } from './credentials/caller-token-credentials.js';
import { OAuth2Login, TokenEndpoint } from './credentials/oauth2-login.js';
import { RemoteUserCredentials } from './credentials/remote-user-credentials.js';
import { RenewedCredentials } from './credentials/renewed-credentials.js';
import { TicketLogin } from './credentials/ticket-login.js';
import { TokenExchange } from './credentials/token-exchange.js';
import { CircuitBreakers } from './http/circuit-breaker.js';
import { UpstreamMetrics, observation } from './http/observation.js';
import { ANONYMOUS_SEND, AUTHORIZED_SEND, UpstreamPipeline } from './http/pipeline.js';
import { UpstreamTransport } from './http/transport.js';
import { type Layer, type Send, UpstreamEvents } from './http/upstream-call.js';

/** To the token endpoint: each caller has a token of their own to exchange. */
const EXCHANGE_CONNECTIONS = 8;

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
          inject: [
            ALFRESCO_CONFIG,
            ANONYMOUS_SEND,
            UpstreamPipeline,
            PACING_CONFIG,
            { token: CallerTokens, optional: true },
          ],
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
  tokens?: CallerTokens,
): AlfrescoCredentials {
  const { onBehalfOf, oauth2 } = config;
  if (onBehalfOf === 'remote-user') return new RemoteUserCredentials();
  if (onBehalfOf === 'token') return new CallerTokenCredentials(required(tokens));
  if (onBehalfOf === 'token-exchange') {
    const callers = required(tokens);
    const endpoint = new TokenEndpoint(config, oauth2!, pipeline, EXCHANGE_CONNECTIONS);
    return new CallerTokenCredentials(new TokenExchange(callers, endpoint, oauth2!, login));
  }
  if (oauth2) {
    const endpoint = new TokenEndpoint(config, oauth2, pipeline);
    return new RenewedCredentials(new OAuth2Login(endpoint, oauth2.scope), login);
  }
  return config.auth === 'ticket'
    ? new RenewedCredentials(new TicketLogin(anonymous, config), login)
    : new BasicCredentials(config.username, config.password, login);
}

/** @throws ConfigurationError in an application that embeds the API: it says who a caller is, not with which token they came */
function required(tokens: CallerTokens | undefined): CallerTokens {
  if (tokens) return tokens;
  throw new ConfigurationError([
    'alfresco.onBehalfOf: must be "off" or "remote-user"; the tokens of callers are known only to the service, which verifies them itself',
  ]);
}
