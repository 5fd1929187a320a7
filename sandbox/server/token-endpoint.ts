import type { IncomingMessage } from 'node:http';
import type { IdentityService, OAuth2Client } from '../auth/identity-service.ts';
import type { Header, Reply } from '../rest/reply.ts';

/** Whether a request is for the token endpoint, which is recorded and can have faults, unlike the control API. */
export function isTokenUrl(url: string): boolean {
  return /^\/sandbox\/oauth2\/token(?:\?|$)/.test(url);
}

/** The token endpoint (RFC 6749) of an identity provider beside Alfresco, for client credentials. */
export class TokenEndpoint {
  readonly #service: IdentityService;

  constructor(service: IdentityService) {
    this.#service = service;
  }

  respond(request: IncomingMessage, body: string): Reply {
    if (request.method !== 'POST') return errorReply(405, 'invalid_request', [['Allow', 'POST']]);
    const isForm = /^application\/x-www-form-urlencoded(?:;|$)/i.test(
      request.headers['content-type'] ?? '',
    );
    if (!isForm) return errorReply(400, 'invalid_request');
    const form = new URLSearchParams(body);
    const client = this.#clientOf(request.headers.authorization, form);
    if (client === undefined)
      return errorReply(401, 'invalid_client', [['WWW-Authenticate', 'Basic realm="sandbox"']]);
    if (form.get('grant_type') !== 'client_credentials')
      return errorReply(400, 'unsupported_grant_type');
    const scope = form.get('scope');
    return jsonReply(200, {
      access_token: this.#service.issue(client),
      token_type: 'Bearer',
      expires_in: this.#service.tokenValidSeconds,
      ...(scope === null ? {} : { scope }),
    });
  }

  /** RFC 6749, section 2.3.1: Basic with both parts form-encoded, or both in the body. */
  #clientOf(authorization = '', form: URLSearchParams): OAuth2Client | undefined {
    const [, encoded] = /^basic +(\S+)$/i.exec(authorization) ?? [];
    const [id, secret] =
      encoded === undefined
        ? [form.get('client_id'), form.get('client_secret')]
        : Buffer.from(encoded, 'base64').toString('utf8').split(':').map(formDecoded);
    return this.#service.clients.find((client) => client.id === id && client.secret === secret);
  }
}

function formDecoded(text: string): string | null {
  return new URLSearchParams(`value=${text}`).get('value');
}

function errorReply(status: number, error: string, headers: readonly Header[] = []): Reply {
  return jsonReply(status, { error }, headers);
}

function jsonReply(status: number, value: unknown, headers: readonly Header[] = []): Reply {
  const body = Buffer.from(JSON.stringify(value));
  return {
    status,
    headers: [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(body.length)],
      ['Cache-Control', 'no-store'],
      ...headers,
    ],
    body,
  };
}
