import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  exportJWK,
  generateKeyPair,
} from 'jose';

export const AUDIENCE = 'alfresco-downloads';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** Works, responds with 500, never responds, or responds with nonsense. */
type Mode = 'up' | 'failing' | 'hanging' | 'nonsense';

/** A new key pair that the provider does not know yet. */
export async function generateSigningKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    kid,
    alg,
    privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
  };
}

/**
 * An issuer of tokens on the loopback interface: discovery, keys, and a token whenever a test wants one, also such as no real
 * provider issues, and with failures that none has. Tests of log-ins use the one in `demo/`, which is certified.
 */
export class IdentityProvider {
  mode: Mode = 'up';
  /** Issuer to claim in the discovery document instead of its own. */
  claimedIssuer?: string;
  /** Paths of the requests received. */
  readonly requests: string[] = [];
  keys: SigningKey[] = [];

  private constructor(private readonly server: Server) {}

  /** @param alg of its first key */
  static async start(alg = 'RS256'): Promise<IdentityProvider> {
    const server = createServer((request, response) => {
      provider.requests.push(request.url ?? '');
      provider.respond(request.url ?? '', response);
    });
    const provider = new IdentityProvider(server);
    provider.keys = [await generateSigningKey('key-1', alg)];
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/realms/test`;
  }

  /** The environment of a service that trusts this provider. */
  environment(more: Record<string, string> = {}): Record<string, string> {
    return { AUTH: 'bearer', OIDC_ISSUER: this.issuer, OIDC_AUDIENCE: AUDIENCE, ...more };
  }

  /** Rotates the signing key; earlier keys are no longer published. */
  async rotate(kid: string): Promise<void> {
    this.keys = [await generateSigningKey(kid, this.keys[0]?.alg)];
  }

  /** A valid token for alice, with these claims changed; `undefined` omits a claim. */
  async token(
    claims: JWTPayload = {},
    key: SigningKey = this.keys[0]!,
    header: Partial<JWTHeaderParameters> = {},
  ): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({
      iss: this.issuer,
      aud: AUDIENCE,
      sub: 'f8b2-alice',
      preferred_username: 'alice',
      iat: now,
      exp: now + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT', ...header })
      .sign(key.privateKey);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private respond(path: string, response: ServerResponse): void {
    if (this.mode === 'hanging') return;
    response.statusCode = this.mode === 'failing' ? 500 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(this.mode === 'nonsense' ? '<html>"' : JSON.stringify(this.documentAt(path)));
  }

  private documentAt(path: string): object {
    const { issuer, claimedIssuer = issuer } = this;
    switch (path) {
      case '/realms/test/.well-known/openid-configuration':
        return { issuer: claimedIssuer, jwks_uri: `${issuer}/keys` };
      case '/realms/test/keys':
        return { keys: this.keys.map(({ publicJwk }) => publicJwk) };
      default:
        return {};
    }
  }
}
