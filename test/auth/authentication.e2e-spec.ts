import { createHmac } from 'node:crypto';
import { type JWTPayload, base64url, exportSPKI, importJWK } from 'jose';
import request from 'supertest';
import { PACING } from '#service/config/pacing.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { AS_ALICE, type Bff } from '../harness/bff.js';
import { configured, it as basicTest } from '../harness/fixtures.js';
import { IdentityProvider, generateSigningKey } from '../harness/identity-provider.js';
import { until } from '../harness/polling.js';
import { rawRequest } from '../harness/raw-http.js';
import { serviceStarter } from '../harness/service-starter.js';

const REALM = 'realm="alfresco-downloads"';
const INVALID = `Bearer ${REALM}, error="invalid_token"`;
const ALGORITHMS = ['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'];

/** The provider of the tests that do not change it. */
const provider = await IdentityProvider.start();
provider.keys.push(...(await Promise.all(ALGORITHMS.map((alg) => generateSigningKey(alg, alg)))));
afterAll(() => provider.close());

/** Generous, so that a working provider never times out on a busy machine. */
const UNHURRIED = { providerTimeoutMs: 10_000 };

/** Tests with a service that may already have the keys of `provider`. */
const it = configured({ variables: provider.environment(), pacing: { auth: UNHURRIED } })
  .extend('tokens', ({ bff, sandbox }) => new TokenChecks(bff, sandbox))
  .extend('start', serviceStarter)
  .extend('own', async ({ start, sandbox }, { onCleanup }) => {
    const ownProvider = await IdentityProvider.start('ES256');
    onCleanup(() => ownProvider.close());
    return {
      /** A provider for this test only. */
      provider: ownProvider,
      /** Checks tokens at a service that has not fetched the provider's keys yet. */
      freshTokens: async (pacing: Partial<typeof PACING.auth> = {}) => {
        const auth = { ...UNHURRIED, ...pacing };
        const service = await start(ownProvider.environment(), { pacing: { auth } });
        return new TokenChecks(service, sandbox);
      },
    };
  });

const bothTest = configured({
  variables: provider.environment({ AUTH: 'basic,bearer' }),
  pacing: { auth: UNHURRIED },
});

afterEach(() => {
  vi.useRealTimers();
});

const now = () => Math.floor(Date.now() / 1000);

/** Requests an unknown download with this header: 404 if the caller is authenticated. */
function getUnknown({ url }: Bff, authorization: string) {
  return request(url).get('/downloads/unknown').set({ authorization });
}

/** Checks tokens at one service. */
class TokenChecks {
  constructor(
    private readonly bff: Bff,
    private readonly sandbox: Sandbox,
  ) {}

  async accepts(token: string): Promise<void> {
    await getUnknown(this.bff, `Bearer ${token}`).expect(404);
  }

  /** Waits until the token is accepted. */
  async willAccept(token: string): Promise<void> {
    await until(
      async () => (await getUnknown(this.bff, `Bearer ${token}`)).status,
      (status) => status === 404,
    );
  }

  async refuses(token: string): Promise<void> {
    this.sandbox.clearRequests();
    const { body, headers } = await getUnknown(this.bff, `Bearer ${token}`).expect(401);
    expect(body).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(headers['www-authenticate']).toBe(INVALID);
    expect(this.sandbox.requests).toEqual([]);
  }

  async cannotJudge(token: string, { issuer }: IdentityProvider): Promise<void> {
    this.sandbox.clearRequests();
    const startedAt = performance.now();
    const { body, headers } = await getUnknown(this.bff, `Bearer ${token}`).expect(503);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(body).toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' });
    expect(headers['retry-after']).toMatch(/^\d+$/);
    expect(JSON.stringify(body)).not.toContain(issuer);
    expect(this.sandbox.requests).toEqual([]);
  }
}

/** A token with any header and signature. */
function handMade(header: object, payload: JWTPayload, sign: (text: string) => Buffer): string {
  const text = [header, payload].map((part) => base64url.encode(JSON.stringify(part))).join('.');
  return `${text}.${sign(text).toString('base64url')}`;
}

const validClaims = (issuer: string): JWTPayload => ({
  iss: issuer,
  aud: 'alfresco-downloads',
  sub: 's',
  preferred_username: 'alice',
  exp: now() + 300,
});

/** What Keycloak 26.7.3 puts into an access token besides, for a client with an audience mapper. */
const OF_KEYCLOAK: JWTPayload = {
  jti: 'onrtro:d202246f-87e8-fa4c-74a8-7030e28bf740',
  aud: ['alfresco-downloads', 'account'],
  typ: 'Bearer',
  azp: 'scripts',
  sid: 'a0ulOZc0zVwuRD68Iwi15xqp',
  acr: '1',
  'allowed-origins': ['http://127.0.0.1'],
  realm_access: { roles: ['default-roles-alfresco', 'offline_access', 'uma_authorization'] },
  resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
  scope: 'openid email profile',
  email_verified: true,
};

describe('a bearer token in the shape of Keycloak’s', () => {
  it('is accepted', async ({ tokens }) => {
    await tokens.accepts(await provider.token(OF_KEYCLOAK));
    await tokens.accepts(await provider.token(OF_KEYCLOAK, undefined, { typ: 'at+jwt' }));
  });

  it.for<[string, JWTPayload]>([
    ['an ID token', { typ: 'ID', at_hash: 'BXkyRHHodJCA1x6Cu0bOhA' }],
    ['a token for each client of the realm', { aud: 'account' }],
    [
      'a lightweight access token',
      { aud: undefined, sub: undefined, preferred_username: undefined },
    ],
  ])('is refused when it is %s', async ([, claims], { tokens }) => {
    await tokens.refuses(await provider.token({ ...OF_KEYCLOAK, ...claims }));
  });
});

describe('a bearer token', () => {
  it('of the provider is accepted, and makes a ZIP', async ({ bff }) => {
    await request(bff.url)
      .post('/downloads')
      .set({ authorization: `Bearer ${await provider.token()}` })
      .send({ nodeIds: [SAMPLE_NODES.projectsFolder] })
      .expect(202);
  });

  it.for(ALGORITHMS)('signed with %s is accepted', async (alg, { tokens }) => {
    await tokens.accepts(
      await provider.token(
        {},
        provider.keys.find(({ kid }) => kid === alg),
      ),
    );
  });

  it.for<[string, () => JWTPayload]>([
    ['for several audiences', () => ({ aud: ['other', 'alfresco-downloads'] })],
    ['of a provider whose clock is a little behind', () => ({ exp: now() - 2 })],
    ['of a provider whose clock is a little ahead', () => ({ nbf: now() + 2 })],
  ])('%s is accepted', async ([, claims], { tokens }) => {
    // A frozen clock, so that the token is not older when it arrives.
    vi.useFakeTimers({ toFake: ['Date'] });
    await tokens.accepts(await provider.token(claims()));
  });

  it.for<[string, () => JWTPayload]>([
    ['that has expired', () => ({ exp: now() - 60 })],
    ['that is not valid yet', () => ({ nbf: now() + 60 })],
    ['of another issuer', () => ({ iss: 'https://other.example.com' })],
    ['of the issuer with a slash at its end', () => ({ iss: `${provider.issuer}/` })],
    ['for another audience', () => ({ aud: 'other' })],
    ['for no audience', () => ({ aud: undefined })],
    ['without an issuer', () => ({ iss: undefined })],
    ['that never expires', () => ({ exp: undefined })],
    ['without a subject', () => ({ sub: undefined })],
    ['with an empty subject', () => ({ sub: '' })],
    ['without a name', () => ({ preferred_username: undefined })],
    ['with an empty name', () => ({ preferred_username: '' })],
    ['with a blank name', () => ({ preferred_username: ' ' })],
    ['with a name that would break a header', () => ({ preferred_username: 'alice\r\nx: y' })],
    ['with a name that is not text', () => ({ preferred_username: ['alice'] })],
  ])('%s is refused', async ([, claims], { tokens }) => {
    await tokens.refuses(await provider.token(claims()));
  });

  it('with the algorithm none is rejected without fetching the keys', async ({ own }) => {
    const tokens = await own.freshTokens();
    for (const alg of ['none', 'None', 'NONE']) {
      await tokens.refuses(
        handMade({ alg }, validClaims(own.provider.issuer), () => Buffer.alloc(0)),
      );
    }
    expect(own.provider.requests).toEqual([]);
  });

  it('with an HMAC whose secret is the public key is rejected without fetching the keys', async ({
    own,
  }) => {
    const { publicJwk, kid } = provider.keys[0]!;
    own.provider.keys = provider.keys;
    const tokens = await own.freshTokens();
    const pem = await exportSPKI(
      (await importJWK(publicJwk, 'RS256', { extractable: true })) as never,
    );
    for (const secret of [pem, pem.trim(), JSON.stringify(publicJwk), publicJwk.n!]) {
      await tokens.refuses(
        handMade({ alg: 'HS256', kid }, validClaims(own.provider.issuer), (text) =>
          createHmac('sha256', secret).update(text).digest(),
        ),
      );
    }
    expect(own.provider.requests).toEqual([]);
  });

  it('that contains its own key is rejected', async ({ tokens }) => {
    const intruder = await generateSigningKey('own');
    for (const header of [
      { jwk: intruder.publicJwk },
      { jku: `${provider.issuer}/own-keys` },
      { x5u: `${provider.issuer}/own-keys` },
    ]) {
      await tokens.refuses(await provider.token({}, intruder, header));
    }
    expect(provider.requests).not.toContain('/realms/test/own-keys');
  });

  it('signed with another key under a known id is rejected', async ({ tokens }) => {
    await tokens.refuses(await provider.token({}, await generateSigningKey('key-1')));
  });

  it('whose claims were changed is rejected', async ({ tokens }) => {
    const [header, , signature] = (await provider.token()).split('.');
    const payload = { ...validClaims(provider.issuer), sub: 'bob' };
    await tokens.refuses(`${header}.${base64url.encode(JSON.stringify(payload))}.${signature}`);
  });

  it.for(['x', 'x.y', 'x.y.z', '..', 'a.b.c.d.e', 'eyJhbGciOiJSUzI1NiJ9.e30.'])(
    'that is malformed is rejected: %s',
    (token, { tokens }) => tokens.refuses(token),
  );
});

describe('the Authorization header', () => {
  it.for([
    ['nothing after the scheme', () => 'Bearer'],
    ['a comma', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['a parameter', (token: string) => `Bearer token="${token}"`],
    ['a tab', (token: string) => `Bearer\t${token}`],
  ] as const)('is refused with %s', async ([, header], { bff }) => {
    const { headers } = await getUnknown(bff, header(await provider.token())).expect(401);
    expect(headers['www-authenticate']).toMatch(/^Bearer /);
  });

  it('is rejected when there are two', async ({ bff }) => {
    const token = await provider.token();
    const { status } = await rawRequest(bff.port, {
      path: '/downloads/unknown',
      headers: { Authorization: `Bearer ${token}`, authorization: `Bearer ${token}` },
    });
    expect(status).toBe(401);
  });

  it('is accepted in any case of its scheme', async ({ bff }) => {
    await getUnknown(bff, `bEARER  ${await provider.token()}`).expect(404);
  });
});

describe('the keys of the provider', () => {
  it('are fetched once', async ({ own }) => {
    const tokens = await own.freshTokens();
    const token = await own.provider.token();
    await Promise.all(Array.from({ length: 20 }, () => tokens.accepts(token)));
    await tokens.accepts(await own.provider.token({ sub: 'someone-else' }));
    expect(own.provider.requests).toEqual([
      '/realms/test/.well-known/openid-configuration',
      '/realms/test/keys',
    ]);
  });

  it('are fetched again for an unknown key id, but not for each', async ({ own }) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const tokens = await own.freshTokens();
    await tokens.accepts(await own.provider.token());
    const unknown = await generateSigningKey('unknown', 'ES256');
    for (let i = 0; i < 10; i++) await tokens.refuses(await own.provider.token({}, unknown));
    expect(own.provider.requests).toHaveLength(2);
    vi.setSystemTime(Date.now() + 6_000);
    for (let i = 0; i < 10; i++) await tokens.refuses(await own.provider.token({}, unknown));
    expect(own.provider.requests).toHaveLength(3);
  });

  it('may be rotated: the new one is accepted, the old one no longer', async ({ own }) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const tokens = await own.freshTokens();
    const former = await own.provider.token();
    await tokens.accepts(former);
    await own.provider.rotate('key-2');
    vi.setSystemTime(Date.now() + 6_000);
    await tokens.accepts(await own.provider.token());
    await tokens.refuses(former);
  });

  it('are refreshed in time, even if only known ones are used', async ({ own }) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const tokens = await own.freshTokens();
    const former = own.provider.keys[0]!;
    await tokens.accepts(await own.provider.token());
    await own.provider.rotate('key-2');
    vi.setSystemTime(Date.now() + 11 * 60_000);
    await tokens.accepts(await own.provider.token({}, former));
    await vi.waitFor(
      async () => {
        await tokens.refuses(await own.provider.token({}, former));
      },
      { timeout: 15_000 },
    );
  });
});

describe.each([
  ['responds with errors', 'failing'],
  ['does not respond', 'hanging'],
  ['responds with nonsense', 'nonsense'],
] as const)('a provider that %s', (_what, mode) => {
  const pacing = { providerPauseMs: 50, ...(mode === 'hanging' && { providerTimeoutMs: 300 }) };

  it('blocks callers until it is back, if its keys are not known yet', async ({ own }) => {
    const tokens = await own.freshTokens(pacing);
    own.provider.mode = mode;
    const token = await own.provider.token();
    await Promise.all(Array.from({ length: 2 }, () => tokens.cannotJudge(token, own.provider)));
    own.provider.mode = 'up';
    await tokens.willAccept(token);
  });

  it('blocks only tokens with new keys, once its keys are known', async ({ own }) => {
    const tokens = await own.freshTokens(pacing);
    const token = await own.provider.token({ exp: now() + 86_400 });
    // With this short timeout, even a working provider may be too slow at first.
    await tokens.willAccept(token);
    vi.useFakeTimers({ toFake: ['Date'] });
    own.provider.mode = mode;
    vi.setSystemTime(Date.now() + 3_600_000);
    await Promise.all(Array.from({ length: 5 }, () => tokens.accepts(token)));
    const stranger = await generateSigningKey('key-2', 'ES256');
    await tokens.cannotJudge(await own.provider.token({}, stranger), own.provider);
    await tokens.accepts(token);
  });
});

it('a provider that does not respond times out after seconds', () => {
  // Once for discovery, once for the keys.
  expect(2 * PACING.auth.providerTimeoutMs).toBeLessThan(3_500);
});

it('a provider that names another issuer is not trusted', async ({ start, own }) => {
  own.provider.claimedIssuer = 'https://other.example.com';
  const service = await start(own.provider.environment());
  await getUnknown(service, `Bearer ${await own.provider.token()}`).expect(503);
  expect(own.provider.requests).toEqual(['/realms/test/.well-known/openid-configuration']);
});

describe('Basic and bearer at once', () => {
  bothTest('are both accepted', async ({ bff }) => {
    await getUnknown(bff, AS_ALICE.authorization).expect(404);
    await getUnknown(bff, `Bearer ${await provider.token()}`).expect(404);
  });

  bothTest.for<[string, Record<string, string>, string]>([
    ['no credentials', {}, `Basic ${REALM}, charset="UTF-8", Bearer ${REALM}`],
    [
      'a script without credentials',
      { 'x-requested-with': 'XMLHttpRequest' },
      `xBasic ${REALM}, charset="UTF-8", Bearer ${REALM}`,
    ],
    [
      'a wrong token',
      { authorization: 'Bearer x.y.z' },
      `Basic ${REALM}, charset="UTF-8", ${INVALID}`,
    ],
    [
      'a wrong password',
      { authorization: 'Basic YTpi' },
      `Basic ${REALM}, charset="UTF-8", Bearer ${REALM}`,
    ],
    [
      'a password as a token',
      { authorization: AS_ALICE.authorization.replace('Basic', 'Bearer') },
      `Basic ${REALM}, charset="UTF-8", ${INVALID}`,
    ],
  ])('are both offered for %s', async ([, headers, challenge], { bff }) => {
    const response = await request(bff.url).get('/downloads/unknown').set(headers).expect(401);
    expect(response.headers['www-authenticate']).toBe(challenge);
  });
});

describe('a scheme that is not configured', () => {
  it('is rejected: Basic', async ({ bff }) => {
    const { headers } = await getUnknown(bff, AS_ALICE.authorization).expect(401);
    expect(headers['www-authenticate']).toBe(`Bearer ${REALM}`);
  });

  basicTest('is refused: bearer', async ({ bff }) => {
    const { length } = provider.requests;
    const { headers } = await getUnknown(bff, `Bearer ${await provider.token()}`).expect(401);
    expect(headers['www-authenticate']).toBe(`Basic ${REALM}, charset="UTF-8"`);
    expect(provider.requests).toHaveLength(length);
  });
});
