import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, type JWTPayload, SignJWT, exportJWK, generateKeyPair } from 'jose';

/** What goes wrong with an ID token. */
export interface Forgery {
  readonly claims?: JWTPayload;
  /** Default: with the key of the provider. */
  readonly sign?: (claims: JWTPayload) => Promise<string>;
}

/** An OpenID provider that gives any code the ID token that a test wants, and says which one it is in each response. */
export class ForgingProvider {
  /** Of the next token response. */
  forgery: Forgery = {};
  /** Of the log-in under way. */
  nonce = '';
  /** How many codes it was sent. */
  codes = 0;

  private constructor(
    private readonly server: Server,
    readonly privateKey: CryptoKey,
    private readonly jwks: object,
    private readonly clientId: string,
  ) {}

  static async start(clientId: string): Promise<ForgingProvider> {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
    const server = createServer((request, response) => {
      void provider.respond(request.url!).then((body) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(body));
      });
    });
    const provider = new ForgingProvider(server, privateKey, { keys: [jwk] }, clientId);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The claims of an ID token with which a log-in succeeds. */
  get claims(): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    const { issuer: iss, clientId: aud, nonce } = this;
    return { iss, aud, sub: 'alice', preferred_username: 'alice', nonce, iat: now, exp: now + 60 };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async respond(path: string): Promise<object> {
    const { issuer } = this;
    if (path === '/jwks') return this.jwks;
    if (path === '/token') {
      this.codes += 1;
      const claims = { ...this.claims, ...this.forgery.claims };
      const sign = this.forgery.sign ?? ((all: JWTPayload) => signed(all, this.privateKey));
      return {
        access_token: 'an-access-token-that-is-opaque',
        token_type: 'Bearer',
        expires_in: 300,
        id_token: await sign(claims),
      };
    }
    return {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      // It claims to know what no client should take.
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      authorization_response_iss_parameter_supported: true,
    };
  }
}

/** A token signed with this key of a provider. */
export function signed(
  claims: JWTPayload,
  key: CryptoKey | Uint8Array,
  header: { readonly alg: string; readonly kid?: string; readonly typ?: string } = {
    alg: 'RS256',
    kid: 'key-1',
  },
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/** A token that says of itself that nobody has signed it. */
export function unsigned(claims: JWTPayload): string {
  const parts = [{ alg: 'none' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  return `${parts.join('.')}.`;
}
