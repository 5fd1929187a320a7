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

/** Client credentials at the token endpoint of an identity provider (RFC 6749, section 4.4). */
export class OAuth2Login implements Login {
  private readonly transport: UpstreamTransport;
  private readonly send: Send;
  private readonly path: string;
  private readonly headers: Record<string, string>;
  private readonly body: string;

  constructor(
    config: AlfrescoConfig,
    oauth2: OAuth2Config,
    pipeline: Pick<UpstreamPipeline, 'compose'>,
  ) {
    const { origin, pathname, search } = new URL(oauth2.tokenUrl);
    this.transport = new UpstreamTransport({
      ...config,
      url: origin,
      maxConnections: 1,
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
    this.body = new URLSearchParams({
      grant_type: 'client_credentials',
      ...(oauth2.scope !== undefined && { scope: oauth2.scope }),
    }).toString();
  }

  async obtain(): Promise<Grant> {
    const response = toAlfrescoResponse(await this.post());
    if (response.status !== 200) throw problemOf(response.status);
    return toGrant(response);
  }

  async close(): Promise<void> {
    await this.transport.onApplicationShutdown();
  }

  private async post(): Promise<UpstreamResponse<string>> {
    const { path, headers, body } = this;
    try {
      return await this.send<string>({
        operation: 'login',
        retry: 'if-unsent',
        method: 'POST',
        path,
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

function problemOf(status: number): ProblemException {
  const diagnosis = `token endpoint: status ${status}`;
  if (status >= 400 && status < 500) {
    return new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', { diagnosis });
  }
  return new ProblemException(status >= 500 ? 'ALFRESCO_UNREACHABLE' : 'ALFRESCO_BAD_RESPONSE', {
    diagnosis,
  });
}

/** RFC 6749, section 5.1. Without `expires_in` a token is used until it is rejected. */
function toGrant({ body }: AlfrescoResponse): Grant {
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
