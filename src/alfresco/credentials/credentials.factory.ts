import type { HttpService } from '@nestjs/axios';
import type { AlfrescoConfig } from '../../config/app-config.js';
import type { Pacing } from '../../config/pacing.js';
import type { AlfrescoCredentials } from './alfresco-credentials.js';
import type { UpstreamPolicy } from '../http/upstream-policy.js';
import { BasicCredentials } from './basic-credentials.js';
import { OAuth2Login } from './oauth2-login.js';
import { RemoteUserCredentials } from './remote-user-credentials.js';
import { RenewedCredentials } from './renewed-credentials.js';
import { TicketLogin } from './ticket-login.js';

/** The credentials that the configuration asks for. */
export function createCredentials(
  config: AlfrescoConfig,
  http: HttpService,
  policy: UpstreamPolicy,
  pacing: Pick<Pacing, 'login'>,
): AlfrescoCredentials {
  if (config.onBehalfOf === 'remote-user') return new RemoteUserCredentials();
  if (config.oauth2) {
    return new RenewedCredentials(new OAuth2Login(config, config.oauth2, policy), pacing.login);
  }
  return config.auth === 'ticket'
    ? new RenewedCredentials(new TicketLogin(http, config, policy), pacing.login)
    : new BasicCredentials(config.username, config.password, pacing.login);
}
