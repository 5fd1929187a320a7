import { getCACertificates } from 'node:tls';
import type { AlfrescoConfig, OAuth2Config, TlsConfig } from '../../config/app-config.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { jsonHeaders } from '../alfresco-api.js';
import type { UpstreamPipeline } from '../http/pipeline.js';
import { UpstreamTransport } from '../http/transport.js';
import { transportProblem } from '../http/transport-failure.js';
import type { Send, UpstreamResponse } from '../http/upstream-call.js';
import { type AlfrescoResponse, isObject, toAlfrescoResponse } from '../responses.js';
import { basicAuthorization } from './alfresco-credentials.js';
import type { Grant, Login } from './renewed-credentials.js';

/** A token is renewed this long before its end, or after nine tenths of its life if that is later. */
const MARGIN_SECONDS = 30;

/** The syntax of a bearer token (RFC 6750, section 2.1). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** The token endpoint of an identity provider, where this service is a client (RFC 6749, section 3.2). */
export class TokenEndpoint {
  private readonly transport: UpstreamTransport;
  private readonly send: Send;
  private readonly path: string;
  private readonly headers: Record<string, string>;

  constructor(
    config: AlfrescoConfig,
    oauth2: OAuth2Config,
    pipeline: Pick<UpstreamPipeline, 'compose'>,
    maxConnections = 1,
  ) {
    const { origin, pathname, search } = new URL(oauth2.tokenUrl);
    this.transport = new UpstreamTransport({
      ...config,
      url: origin,
      maxConnections,
      // Not the client certificate: that is for Alfresco.
      tls: { ca: trustedAuthorities(config.tls) },
    });
    this.send = pipeline.compose(this.transport.send);
    this.path = pathname + search;
    this.headers = {
      ...jsonHeaders(),
      Authorization: basicAuthorization(
        formEncoded(oauth2.clientId),
        formEncoded(oauth2.clientSecret),
      ),
      'Content-Type': 'application/x-www-form-urlencoded',
    };
  }

  /** Asks for a token. Every status resolves. @throws ProblemException when there is no response */
  async request(parameters: Record<string, string>): Promise<AlfrescoResponse> {
    return toAlfrescoResponse(await this.post(new URLSearchParams(parameters).toString()));
  }

  async close(): Promise<void> {
    await this.transport.onApplicationShutdown();
  }

  private async post(body: string): Promise<UpstreamResponse<string>> {
    const { path, headers } = this;
    try {
      return await this.send<string>({
        operation: 'login',
        retry: 'if-unsent',
        method: 'POST',
        path,
        template: path,
        headers: { ...headers },
        body,
      });
    } catch (error) {
      const { code, diagnosis, headers: ofProblem } = transportProblem(error);
      throw new ProblemException(code, {
        headers: ofProblem,
        diagnosis: `token endpoint: ${diagnosis}`,
      });
    }
  }
}

/** Client credentials (RFC 6749, section 4.4): tokens for the account of this service. */
export class OAuth2Login implements Login {
  constructor(
    private readonly endpoint: Pick<TokenEndpoint, 'request' | 'close'>,
    private readonly scope?: string,
  ) {}

  async obtain(): Promise<Grant> {
    const response = await this.endpoint.request({
      grant_type: 'client_credentials',
      ...(this.scope !== undefined && { scope: this.scope }),
    });
    if (response.status !== 200) throw endpointProblem(response.status);
    return toGrant(response);
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }
}

/** What a response of the endpoint without a token means. @param reason what the endpoint says, fit for the log */
export function endpointProblem(status: number, reason?: string): ProblemException {
  const diagnosis = `token endpoint: status ${status}${reason === undefined ? '' : ` ${reason}`}`;
  if (status >= 400 && status < 500) {
    return new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', { diagnosis });
  }
  return new ProblemException(status >= 500 ? 'ALFRESCO_UNREACHABLE' : 'ALFRESCO_BAD_RESPONSE', {
    diagnosis,
  });
}

/** RFC 6749, section 5.1. Without `expires_in` a token is used until it is rejected. */
export function toGrant({ body }: AlfrescoResponse): Grant {
  const {
    access_token: token,
    token_type: type,
    expires_in: expiresIn,
  } = isObject(body) ? body : {};
  if (typeof token !== 'string' || !TOKEN.test(token)) throw unusable('no access_token');
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw unusable('a token_type other than Bearer');
  }
  const authorization = `Bearer ${token}`;
  if (expiresIn === undefined) return { authorization };
  if (typeof expiresIn !== 'number' || !(expiresIn > 0))
    throw unusable('an expires_in that is none');
  const margin = Math.min(MARGIN_SECONDS, expiresIn / 10);
  return { authorization, renewAfterMs: (expiresIn - margin) * 1000 };
}

function unusable(what: string): ProblemException {
  return new ProblemException('ALFRESCO_BAD_RESPONSE', { diagnosis: `token endpoint: ${what}` });
}

/** RFC 6749, section 2.3.1: the parts are encoded before they are joined, so that either may hold a colon. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/**
 * Trusted certificate authorities for hosts other than Alfresco: Node's own, and those configured for Alfresco. An identity
 * provider's certificate may come from either, and `ca` alone would replace Node's list.
 */
export function trustedAuthorities(tls: TlsConfig | undefined): string | undefined {
  return tls?.ca && [...getCACertificates('default'), tls.ca].join('\n');
}
