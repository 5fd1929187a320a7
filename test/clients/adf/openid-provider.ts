import { type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AUDIENCE } from '../../harness/identity-provider.js';

/** The part of `oidc-provider` in use; the package is installed only in the application. */
interface OidcProvider {
  new (issuer: string, configuration: object): { callback(): RequestListener };
}

/** A certified OpenID provider with a login page that accepts any name and password. */
export class OpenIdProvider {
  private constructor(private readonly server: Server) {}

  /**
   * @param module address of the package `oidc-provider`
   * @param application origin of the application, which gets tokens through the authorization code flow
   */
  static async start(module: URL, application: string): Promise<OpenIdProvider> {
    const { Provider } = (await import(module.href)) as { Provider: OidcProvider };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const provider = new OpenIdProvider(server);
    server.on('request', new Provider(provider.issuer, configuration(application)).callback());
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function configuration(application: string): object {
  return {
    clients: [
      {
        client_id: 'adf',
        // ADF's AuthConfigService sends this value, whatever the configuration says.
        client_secret: 'dummyClientSecret',
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [`${application}/view/authentication-confirmation`],
        post_logout_redirect_uris: [`${application}/`],
      },
    ],
    clientBasedCORS: () => true,
    claims: { profile: ['preferred_username'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id }),
    }),
    // Access tokens that the service can verify: JWTs for one audience, with the name of the caller.
    extraTokenClaims: (_context: unknown, token: { accountId: string }) => ({
      preferred_username: token.accountId,
    }),
    features: {
      resourceIndicators: {
        enabled: true,
        defaultResource: () => `urn:${AUDIENCE}`,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    cookies: { keys: ['a key of a test'] },
  };
}
