import { getCACertificates } from 'node:tls';
import type { TlsConfig, AlfrescoConfig, OAuth2Config } from '../../config/app-config.js';
import axios, { type AxiosInstance } from 'axios';
import { ProblemException } from '../../problems/problem.exception.js';
import { isObject, toAlfrescoResponse, type AlfrescoResponse } from '../responses.js';
import { jsonHeaders } from '../alfresco-api.js';
import { transportProblem } from '../http/transport-failure.js';
import { UpstreamTransport } from '../http/upstream-transport.js';
import type { UpstreamPolicy } from '../http/upstream-policy.js';
import { basicAuthorization } from './alfresco-credentials.js';
import { type Grant, LOGIN, type Login } from './renewed-credentials.js';
import { type UpstreamResponse, axiosAdapter } from '../http/transport.js';

/** A token is renewed this long before its end, or after nine tenths of its life if that is later. */
const MARGIN_SECONDS = 30;

/** What a bearer token may consist of (RFC 6750, section 2.1). */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Client credentials at the token endpoint of an identity provider (RFC 6749, section 4.4). */
export class OAuth2Login implements Login {
  private readonly transport: UpstreamTransport;
  private readonly http: AxiosInstance;
  private readonly headers: Record<string, string>;
  private readonly body: string;

  constructor(
    config: AlfrescoConfig,
    oauth2: OAuth2Config,
    private readonly policy: UpstreamPolicy,
  ) {
    const { origin, pathname, search } = new URL(oauth2.tokenUrl);
    this.transport = new UpstreamTransport({
      ...config,
      url: origin,
      maxConnections: 1,
      // Not the client certificate: that is for Alfresco.
      tls: { ca: trustedAuthorities(config.tls) },
    });
    this.http = axios.create({
      adapter: axiosAdapter(this.transport.send),
      baseURL: pathname + search,
      transformRequest: [],
      transformResponse: [],
    });
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
    const answer = toAlfrescoResponse(await this.post());
    if (answer.status !== 200) throw refusal(answer.status);
    return toGrant(answer);
  }

  async close(): Promise<void> {
    await this.transport.onApplicationShutdown();
  }

  private async post(): Promise<UpstreamResponse<string>> {
    const { headers, body: data } = this;
    try {
      return await this.policy.run(LOGIN, (attempt) =>
        attempt((signal) =>
          this.http.request<string>({ method: 'POST', url: '', headers, data, signal }),
        ),
      );
    } catch (error) {
      const { code, diagnosis, headers: ofProblem } = transportProblem(error);
      throw new ProblemException(code, {
        headers: ofProblem,
        diagnosis: `token endpoint: ${diagnosis}`,
      });
    }
  }
}

function refusal(status: number): ProblemException {
  const diagnosis = `token endpoint: status ${status}`;
  if (status >= 400 && status < 500) {
    return new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', { diagnosis });
  }
  return new ProblemException(status >= 500 ? 'ALFRESCO_UNREACHABLE' : 'ALFRESCO_BAD_RESPONSE', {
    diagnosis,
  });
}

/** RFC 6749, section 5.1. Without `expires_in` a token is used until it is refused. */
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

/** RFC 6749, section 2.3.1: encoded before they are joined, so that either may hold a colon. */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

/**
 * Authorities for other hosts than Alfresco: those of Node, and those configured for Alfresco. An identity
 * provider may be signed by either, and `ca` alone would replace Node's list.
 */
export function trustedAuthorities(tls: TlsConfig | undefined): string | undefined {
  return tls?.ca && [...getCACertificates('default'), tls.ca].join('\n');
}
