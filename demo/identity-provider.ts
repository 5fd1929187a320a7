import { type KeyObject, generateKeyPairSync, hash } from 'node:crypto';
import {
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { jwtVerify } from 'jose';
import { Provider } from 'oidc-provider';
import type { ClientMetadata, Configuration, Grant, KoaContextWithOIDC } from 'oidc-provider';
import { providerMemory } from './provider-memory.ts';

/** Audience of the access tokens, for the service and for the stand-in for Alfresco. */
export const AUDIENCE = 'alfresco-downloads';
const RESOURCE = `urn:${AUDIENCE}`;
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** With which clients may prove who they are, besides their secret. */
const CLIENT_ALGORITHMS = ['RS256', 'ES256', 'ES384', 'ES512', 'Ed25519'] as const;

const CONTENT_SECURITY_POLICY =
  "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'none'";
const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': CONTENT_SECURITY_POLICY,
};
const SUBMIT = 'document.forms[0].submit()';
const SUBMIT_HASH = `sha256-${hash('sha256', SUBMIT, 'base64')}`;

/** Someone who can log in: the name is what Alfresco knows them by. */
export interface ProviderUser {
  readonly name: string;
  readonly password: string;
}

/** What the provider is to know. */
export interface IdentityProviderOptions {
  readonly users: readonly ProviderUser[];
  readonly clients: readonly ClientMetadata[];
  /** Seconds that an access token is good for; default 300. */
  readonly accessTokenSeconds?: number;
  /** Default: any free one. */
  readonly port?: number;
}

/**
 * A certified OpenID provider (`oidc-provider`) on the loopback interface, with a page to log in at. Its first-party clients
 * need no consent; its access tokens are JWTs for one audience, and its refresh tokens are good for one use.
 */
export class IdentityProvider {
  readonly issuer: string;
  /** Of its access tokens, in PEM. */
  readonly publicKey: string;
  /** Requests to its token endpoint by grant type, for tests. */
  readonly grants: string[] = [];
  /** Those that it has refused. */
  readonly refusedGrants: string[] = [];
  readonly #server: Server;

  private constructor(server: Server, issuer: string, options: IdentityProviderOptions) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#server = server;
    this.issuer = issuer;
    this.publicKey = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'key-1', alg: 'RS256', use: 'sig' };
    const provider = new Provider(issuer, {
      ...configuration(options),
      jwks: { keys: [jwk] },
    });
    addTokenExchange(provider, publicKey);
    provider.on('grant.success', ({ oidc }) => {
      this.grants.push(String(oidc.params?.grant_type));
    });
    provider.on('grant.error', ({ oidc }) => {
      this.refusedGrants.push(String(oidc.params?.grant_type));
    });
    const callback = provider.callback();
    server.on('request', (request, response) => {
      if (request.url?.startsWith('/interaction/')) {
        void interact(provider, options.users, request, response);
      } else (callback as RequestListener)(request, response);
    });
  }

  static async start(options: IdentityProviderOptions): Promise<IdentityProvider> {
    const server = createServer();
    await listen(server, options.port ?? 0);
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new IdentityProvider(server, issuer, options);
  }

  /** As `close`, until `resume`: nothing that it knows is lost. */
  async pause(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** On the same port. */
  async resume(): Promise<void> {
    const { port } = new URL(this.issuer);
    await new Promise<void>((resolve) => {
      this.#server.listen(Number(port), '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.pause();
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

function configuration(options: IdentityProviderOptions): Configuration {
  const { accessTokenSeconds = 300, clients, users } = options;
  return {
    adapter: providerMemory(),
    clients: [...clients],
    enabledJWA: { clientAuthSigningAlgValues: CLIENT_ALGORITHMS },
    clientBasedCORS: () => true,
    claims: { openid: ['sub', 'sid'], profile: ['preferred_username'] },
    // In the ID token as well, as Keycloak has it.
    conformIdTokenClaims: false,
    findAccount: (_context, id) =>
      users.some(({ name }) => name === id)
        ? { accountId: id, claims: () => ({ sub: id, preferred_username: id }) }
        : undefined,
    extraTokenClaims: (_context, token) =>
      'accountId' in token ? { preferred_username: token.accountId } : {},
    loadExistingGrant,
    // Its own one calls no address of the loopback interface, where the clients of this one are.
    fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit),
    renderError,
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { logoutSource: confirmLogout, postLogoutSuccessSource: confirmedLogout },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      Grant: 86_400,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
    cookies: { keys: ['of a provider that nobody relies on'] },
  };
}

/** First-party clients get what they ask for. */
async function loadExistingGrant({ oidc }: KoaContextWithOIDC): Promise<Grant> {
  const { client, session, provider } = oidc;
  const known = session!.grantIdFor(client!.clientId);
  const existing = known === undefined ? undefined : await provider.Grant.find(known);
  if (existing) return existing;
  const grant = new provider.Grant({ clientId: client!.clientId, accountId: session!.accountId! });
  grant.addOIDCScope('openid profile offline_access');
  grant.addResourceScope(RESOURCE, '');
  await grant.save();
  return grant;
}

/** The log-in page, and what it sends. */
async function interact(
  provider: Provider,
  users: readonly ProviderUser[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await provider.interactionDetails(request, response);
    if (request.method !== 'POST') return sendPage(response, 200, '');
    const form = new URLSearchParams(await text(request));
    if (form.has('cancel')) {
      const result = { error: 'access_denied', error_description: 'The log-in was cancelled.' };
      return await provider.interactionFinished(request, response, result);
    }
    const user = users.find(
      ({ name, password }) => name === form.get('name') && password === form.get('password'),
    );
    if (!user) return sendPage(response, 400, 'Name or password is wrong.');
    await provider.interactionFinished(request, response, { login: { accountId: user.name } });
  } catch {
    sendPage(response, 400, 'This log-in has ended. Begin it again.');
  }
}

function sendPage(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, PAGE_HEADERS);
  response.end(
    page(
      'Log in',
      `<p>An OpenID provider that comes with the demo.</p>
  <p role="alert">${message}</p>
  <form method="post">
    <label>Name <input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" autofocus required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Log in</button>
    <button name="cancel" value="yes" formnovalidate>Cancel</button>
  </form>`,
    ),
  );
}

/** Asks nothing: a browser that comes with the ID token of the session has been asked already. */
function confirmLogout(context: KoaContextWithOIDC, form: string): void {
  context.set({
    ...PAGE_HEADERS,
    'content-security-policy': `${CONTENT_SECURITY_POLICY}; script-src '${SUBMIT_HASH}'`,
  });
  const confirmation = '<input type="hidden" name="logout" value="yes">';
  context.body = page(
    'Log out',
    `${form.replace('</form>', `${confirmation}<button>Log out</button></form>`)}
  <script>${SUBMIT}</script>`,
  );
}

/** After a log-out that names no place to go on. */
function confirmedLogout(context: KoaContextWithOIDC): void {
  context.set(PAGE_HEADERS);
  context.body = page('Logged out', '<p>You can close this page.</p>');
}

/** For errors that cannot be sent to a client. */
function renderError(context: KoaContextWithOIDC, { error }: { readonly error: string }): void {
  context.set(PAGE_HEADERS);
  context.body = page(
    'This did not work',
    `<p role="alert">${error.replaceAll(/[^\w ]/g, '')}</p>`,
  );
}

function page(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  main { max-width: 20rem; margin: 15vh auto; padding: 0 1rem; }
  label { display: block; margin-top: 1rem; }
  input { box-sizing: border-box; width: 100%; padding: 0.5rem; font: inherit; }
  button { margin-top: 1.5rem; padding: 0.5rem 1rem; font: inherit; }
</style>
<main>
  <h1>${title}</h1>
  ${content}
</main>
</html>
`;
}

/** Trades an access token for one for `audience` (RFC 8693), which `oidc-provider` leaves to its users. */
function addTokenExchange(provider: Provider, key: KeyObject): void {
  provider.registerGrantType(
    TOKEN_EXCHANGE,
    async (context) => {
      const { client, params } = context.oidc;
      const accountId = await accountIn(String(params?.subject_token), provider.issuer, key);
      if (accountId === undefined) {
        context.status = 400;
        context.body = { error: 'invalid_grant' };
        return;
      }
      const grant = new provider.Grant({ clientId: client.clientId, accountId });
      grant.addResourceScope(RESOURCE, '');
      const token = new provider.AccessToken({
        client,
        accountId,
        grantId: await grant.save(),
        gty: TOKEN_EXCHANGE,
        scope: '',
      });
      token.resourceServer = new provider.ResourceServer(RESOURCE, {
        scope: '',
        audience: typeof params.audience === 'string' ? params.audience : AUDIENCE,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      });
      context.body = {
        access_token: await token.save(),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: token.expiration,
      };
    },
    ['audience', 'resource', 'scope', 'subject_token', 'subject_token_type'],
  );
}

/** The person that an access token is about, if it is one of this provider and has not ended: JWTs are not stored by it. */
async function accountIn(
  token: string,
  issuer: string,
  key: KeyObject,
): Promise<string | undefined> {
  const options = { issuer, audience: AUDIENCE, algorithms: ['RS256'], typ: 'at+jwt' };
  return jwtVerify(token, key, options).then(
    ({ payload }) => payload.sub,
    () => undefined,
  );
}
