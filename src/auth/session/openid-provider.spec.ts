import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, SignJWT, generateKeyPair } from 'jose';
import type { SessionConfig } from '../../config/app-config.js';
import { OpenIdProvider } from './openid-provider.js';

const CLIENT_ID = 'downloads';
const REDIRECT_URI = 'http://127.0.0.1/auth/callback';

interface Reply {
  readonly status: number;
  readonly body: object;
}

const refusal = (status: number, error: string) => async () => ({ status, body: { error } });
const withCode = (state: string) => `?code=c&state=${state}`;

describe('the client of an OpenID provider', () => {
  let server: Server;
  let issuer: string;
  let privateKey: CryptoKey;
  let publicKey: CryptoKey;
  /** Of the token endpoint, to the nonce of the log-in. */
  let respond: (nonce?: string) => Promise<Reply>;
  let hasUserInfo: boolean;
  let tokenRequests: number;

  const client = (more: Partial<SessionConfig> = {}) =>
    new OpenIdProvider(
      {
        issuer,
        clientId: CLIENT_ID,
        clientSecret: 'a secret of the client',
        usernameClaim: 'preferred_username',
        scope: 'openid profile',
        ...more,
      } as SessionConfig,
      { providerTimeoutMs: 15_000, providerPauseMs: 60_000 },
      async () => publicKey,
    );

  /** The tokens that a provider gives, with an ID token about this. */
  const tokens = async (claims: Record<string, unknown>, nonce?: string): Promise<Reply> => ({
    status: 200,
    body: {
      access_token: 'access',
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: 'refresh',
      id_token: await new SignJWT({ ...claims, ...(nonce !== undefined && { nonce }) })
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuer(issuer)
        .setAudience(CLIENT_ID)
        .setIssuedAt()
        .setExpirationTime('5 minutes')
        .sign(privateKey),
    },
  });
  const replyTo = async (url?: string): Promise<Reply> => {
    if (url === '/token') {
      tokenRequests += 1;
      return respond(nonce);
    }
    const body =
      url === '/userinfo'
        ? { sub: 's-1', preferred_username: 'alice of userinfo' }
        : {
            issuer,
            authorization_endpoint: `${issuer}/authorize`,
            token_endpoint: `${issuer}/token`,
            ...(hasUserInfo && { userinfo_endpoint: `${issuer}/userinfo` }),
            jwks_uri: `${issuer}/keys`,
          };
    return { status: 200, body };
  };

  const logIn = async (provider: OpenIdProvider, query: (state: string) => string) => {
    const { attempt } = await provider.begin(REDIRECT_URI);
    nonce = attempt.nonce;
    return provider.finish(query(attempt.state), attempt);
  };
  let nonce: string | undefined;

  beforeAll(async () => {
    ({ privateKey, publicKey } = await generateKeyPair('RS256'));
  });
  beforeEach(async () => {
    tokenRequests = 0;
    hasUserInfo = true;
    nonce = undefined;
    respond = (given) => tokens({ sub: 's-1', preferred_username: 'alice' }, given);
    server = createServer(async ({ url }, response) => {
      const { status, body } = await replyTo(url);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('takes the name from the claim that names it, `sub` included', async () => {
    await expect(logIn(client(), withCode)).resolves.toMatchObject({ name: 'alice' });
    await expect(logIn(client({ usernameClaim: 'sub' }), withCode)).resolves.toMatchObject({
      subject: 's-1',
      name: 's-1',
    });
  });

  it('asks for a name that is not in the ID token, where there is someone to ask', async () => {
    respond = (given) => tokens({ sub: 's-1' }, given);
    await expect(logIn(client(), withCode)).resolves.toMatchObject({ name: 'alice of userinfo' });
    hasUserInfo = false;
    await expect(logIn(client(), withCode)).rejects.toMatchObject({ code: 'no_name' });
  });

  it.each([
    ['access_denied', { code: 'access_denied' }],
    ['server_error', { code: 'IDENTITY_PROVIDER_UNAVAILABLE' }],
    ['temporarily_unavailable', { code: 'IDENTITY_PROVIDER_UNAVAILABLE' }],
  ])('lets others log in after the error %s that a browser has brought', async (error, thrown) => {
    const provider = client();
    await expect(
      logIn(provider, (state) => `?error=${error}&state=${state}`),
    ).rejects.toMatchObject(thrown);
    expect(tokenRequests).toBe(0);
    await expect(logIn(provider, withCode)).resolves.toMatchObject({ name: 'alice' });
  });

  it.each([
    [400, 'invalid_request'],
    [500, 'server_error'],
  ])('lets others log in after a code to which the provider says %i %s', async (status, error) => {
    const provider = client();
    const usual = respond;
    respond = refusal(status, error);
    await expect(logIn(provider, withCode)).rejects.toMatchObject({
      code: 'IDENTITY_PROVIDER_UNAVAILABLE',
    });
    respond = usual;
    await expect(logIn(provider, withCode)).resolves.toMatchObject({ name: 'alice' });
  });

  it('pauses after a provider that does not respond', async () => {
    const provider = client();
    await logIn(provider, withCode);
    server.closeAllConnections();
    server.close();
    await expect(provider.refresh('refresh', 's-1')).rejects.toMatchObject({
      code: 'IDENTITY_PROVIDER_UNAVAILABLE',
    });
    await expect(provider.refresh('refresh', 's-1')).rejects.toMatchObject({
      code: 'IDENTITY_PROVIDER_UNAVAILABLE',
      diagnosis: 'PAUSED',
    });
  });

  it('refuses refreshed tokens of someone else (OpenID Connect Core, section 12.2)', async () => {
    const provider = client();
    await expect(provider.refresh('refresh', 's-1')).resolves.toMatchObject({
      accessToken: 'access',
    });
    await expect(provider.refresh('refresh', 's-2')).rejects.toMatchObject({
      code: 'other_subject',
    });
  });

  it('takes only `invalid_grant` for the end of a grant, and no response that cannot be read', async () => {
    const provider = client();
    respond = refusal(400, 'invalid_grant');
    await expect(provider.refresh('refresh', 's-1')).rejects.toMatchObject({
      code: 'invalid_grant',
    });
    for (const broken of [
      refusal(401, 'invalid_client'),
      async () => ({ status: 200, body: {} }),
      async () => ({ status: 200, body: { access_token: 'access', token_type: 'other' } }),
    ]) {
      respond = broken;
      await expect(provider.refresh('refresh', 's-1')).rejects.toMatchObject({
        code: 'IDENTITY_PROVIDER_UNAVAILABLE',
      });
    }
  });
});
