import { createHmac } from 'node:crypto';
import { type JWTPayload, base64url, exportSPKI, importJWK } from 'jose';
import request from 'supertest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { IdentityProvider, generateSigningKey } from '../harness/identity-provider.js';
import { rawRequest } from '../harness/raw-http.js';

const REALM = 'realm="alfresco-downloads"';
const INVALID = `Bearer ${REALM}, error="invalid_token"`;

let sandbox: Sandbox;
let provider: IdentityProvider;
let bff: Bff;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(async () => {
  provider = await IdentityProvider.start();
  bff = await startBff(sandbox.url, provider.environment());
  sandbox.requests.length = 0;
});
afterEach(async () => {
  vi.useRealTimers();
  await bff.close();
  await provider.close();
});
afterAll(() => sandbox.close());

const now = () => Math.floor(Date.now() / 1000);

/** What a caller with this header gets for a download that does not exist: 404 once it is known who asks. */
function ask(authorization: string, service = bff) {
  return request(service.url).get('/downloads/unknown').set({ authorization });
}

async function expectAccepted(token: string): Promise<void> {
  await ask(`Bearer ${token}`).expect(404);
}

async function expectRefused(token: string): Promise<void> {
  const { body, headers } = await ask(`Bearer ${token}`).expect(401);
  expect(body).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(headers['www-authenticate']).toBe(INVALID);
  expect(sandbox.requests).toEqual([]);
}

async function expectUnavailable(token: string): Promise<void> {
  const started = performance.now();
  const { body, headers } = await ask(`Bearer ${token}`).expect(503);
  expect(body).toMatchObject({ code: 'IDENTITY_PROVIDER_UNAVAILABLE' });
  expect(headers['retry-after']).toMatch(/^\d+$/);
  expect(JSON.stringify(body)).not.toContain(provider.issuer);
  expect(performance.now() - started).toBeLessThan(3_500);
  expect(sandbox.requests).toEqual([]);
}

/** A token with any header and signature. */
function handMade(header: object, payload: JWTPayload, sign: (text: string) => Buffer): string {
  const text = [header, payload].map((part) => base64url.encode(JSON.stringify(part))).join('.');
  return `${text}.${sign(text).toString('base64url')}`;
}

const validClaims = (): JWTPayload => ({
  iss: provider.issuer,
  aud: 'alfresco-downloads',
  sub: 's',
  preferred_username: 'alice',
  exp: now() + 300,
});

describe('a bearer token', () => {
  it('of the provider is accepted, and makes a ZIP', async () => {
    await request(bff.url)
      .post('/downloads')
      .set({ authorization: `Bearer ${await provider.token()}` })
      .send({ nodeIds: [SAMPLE_NODES.projectsFolder] })
      .expect(202);
  });

  it.each(['RS256', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'])(
    'may be signed with %s',
    async (alg) => {
      provider.keys = [await generateSigningKey('other', alg)];
      await expectAccepted(await provider.token());
    },
  );

  it.each<[string, () => JWTPayload]>([
    ['among other audiences', () => ({ aud: ['other', 'alfresco-downloads'] })],
    ['whose clock is a little behind', () => ({ exp: now() - 2 })],
    ['whose clock is a little ahead', () => ({ nbf: now() + 2 })],
  ])('is accepted from a provider %s', async (_what, claims) => {
    await expectAccepted(await provider.token(claims()));
  });

  it.each<[string, () => JWTPayload]>([
    ['that has expired', () => ({ exp: now() - 60 })],
    ['that is not valid yet', () => ({ nbf: now() + 60 })],
    ['of another issuer', () => ({ iss: 'https://other.example.com' })],
    ['of the issuer with a slash', () => ({ iss: `${provider.issuer}/` })],
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
    ['with a name that is no text', () => ({ preferred_username: ['alice'] })],
  ])('is refused %s', async (_what, claims) => {
    await expectRefused(await provider.token(claims()));
  });

  it('is refused with the algorithm none', async () => {
    for (const alg of ['none', 'None', 'NONE']) {
      await expectRefused(handMade({ alg }, validClaims(), () => Buffer.alloc(0)));
    }
    expect(provider.requests).toEqual([]);
  });

  it('is refused with an HMAC whose secret is the public key', async () => {
    const { publicJwk, kid } = provider.keys[0]!;
    const pem = await exportSPKI(
      (await importJWK(publicJwk, 'RS256', { extractable: true })) as never,
    );
    for (const secret of [pem, pem.trim(), JSON.stringify(publicJwk), publicJwk.n!]) {
      await expectRefused(
        handMade({ alg: 'HS256', kid }, validClaims(), (text) =>
          createHmac('sha256', secret).update(text).digest(),
        ),
      );
    }
    expect(provider.requests).toEqual([]);
  });

  it('is refused when it brings its own key', async () => {
    const own = await generateSigningKey('own');
    for (const header of [
      { jwk: own.publicJwk },
      { jku: `${provider.issuer}/own-keys` },
      { x5u: `${provider.issuer}/own-keys` },
    ]) {
      await expectRefused(await provider.token({}, own, header));
    }
    expect(provider.requests).not.toContain('/realms/test/own-keys');
  });

  it('is refused when another key signed it under a known id', async () => {
    await expectRefused(await provider.token({}, await generateSigningKey('key-1')));
  });

  it('is refused when its claims were changed', async () => {
    const [header, , signature] = (await provider.token()).split('.');
    const payload = base64url.encode(JSON.stringify({ ...validClaims(), sub: 'bob' }));
    await expectRefused(`${header}.${payload}.${signature}`);
  });

  it.each(['x', 'x.y', 'x.y.z', '..', 'a.b.c.d.e', 'eyJhbGciOiJSUzI1NiJ9.e30.'])(
    'is refused when it is none: %s',
    (token) => expectRefused(token),
  );
});

describe('the Authorization header', () => {
  it.each([
    ['nothing behind the scheme', () => 'Bearer'],
    ['a comma', (token: string) => `Bearer ${token}, Bearer ${token}`],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['a parameter', (token: string) => `Bearer token="${token}"`],
    ['a tab', (token: string) => `Bearer\t${token}`],
  ])('is refused with %s', async (_what, header) => {
    const { headers } = await ask(header(await provider.token())).expect(401);
    expect(headers['www-authenticate']).toMatch(/^Bearer /);
  });

  it('is refused when there are two', async () => {
    const token = await provider.token();
    const { status } = await rawRequest(bff.port, {
      path: '/downloads/unknown',
      headers: { Authorization: `Bearer ${token}`, authorization: `Bearer ${token}` },
    });
    expect(status).toBe(401);
  });

  it('is taken in any case of its scheme', async () => {
    await ask(`bEARER  ${await provider.token()}`).expect(404);
  });
});

describe('the keys of the provider', () => {
  it('are fetched once', async () => {
    const token = await provider.token();
    await Promise.all(Array.from({ length: 20 }, () => expectAccepted(token)));
    await expectAccepted(await provider.token({ sub: 'someone-else' }));
    expect(provider.requests).toEqual([
      '/realms/test/.well-known/openid-configuration',
      '/realms/test/keys',
    ]);
  });

  it('are fetched again for an unknown id, but not for each', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await expectAccepted(await provider.token());
    sandbox.requests.length = 0;
    const unknown = await generateSigningKey('unknown');
    for (let i = 0; i < 10; i++) await expectRefused(await provider.token({}, unknown));
    expect(provider.requests).toHaveLength(2);
    vi.setSystemTime(Date.now() + 6_000);
    for (let i = 0; i < 10; i++) await expectRefused(await provider.token({}, unknown));
    expect(provider.requests).toHaveLength(3);
  });

  it('may be rotated: the new one is accepted, the former one no longer', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const former = await provider.token();
    await expectAccepted(former);
    await provider.rotate('key-2');
    vi.setSystemTime(Date.now() + 6_000);
    await expectAccepted(await provider.token());
    sandbox.requests.length = 0;
    await expectRefused(former);
  });

  it('are replaced in time although all tokens are of known ones', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const former = provider.keys[0]!;
    await expectAccepted(await provider.token());
    await provider.rotate('key-2');
    vi.setSystemTime(Date.now() + 11 * 60_000);
    await expectAccepted(await provider.token({}, former));
    await vi.waitFor(async () => {
      await ask(`Bearer ${await provider.token({}, former)}`).expect(401);
    });
  });
});

describe.each(['failing', 'hanging', 'nonsense'] as const)('a provider that is %s', (mode) => {
  it('before its keys are known stops callers, until it is back', async () => {
    provider.mode = mode;
    const token = await provider.token();
    await Promise.all([expectUnavailable(token), expectUnavailable(token)]);
    provider.mode = 'up';
    await vi.waitFor(() => expectAccepted(token), { timeout: 3_000, interval: 100 });
  });

  it('once its keys are known stops only those with new keys', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const token = await provider.token({ exp: now() + 86_400 });
    await expectAccepted(token);
    provider.mode = mode;
    vi.setSystemTime(Date.now() + 3_600_000);
    await Promise.all(Array.from({ length: 5 }, () => expectAccepted(token)));
    sandbox.requests.length = 0;
    await expectUnavailable(await provider.token({}, await generateSigningKey('key-2')));
    await expectAccepted(token);
  });
});

it('a provider that names another issuer is not believed', async () => {
  provider.claimedIssuer = 'https://other.example.com';
  await ask(`Bearer ${await provider.token()}`).expect(503);
  expect(provider.requests).toEqual(['/realms/test/.well-known/openid-configuration']);
});

describe('Basic and bearer at once', () => {
  let both: Bff;
  beforeEach(async () => {
    both = await startBff(sandbox.url, provider.environment({ AUTH: 'basic,bearer' }));
  });
  afterEach(() => both.close());

  it('are both accepted', async () => {
    await ask(AS_ALICE.authorization, both).expect(404);
    await ask(`Bearer ${await provider.token()}`, both).expect(404);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no credentials', {}, `Basic ${REALM}, charset="UTF-8", Bearer ${REALM}`],
    [
      'no credentials, of a script',
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
  ])('are both offered for %s', async (_what, headers, challenge) => {
    const answer = await request(both.url).get('/downloads/unknown').set(headers).expect(401);
    expect(answer.headers['www-authenticate']).toBe(challenge);
  });
});

describe('a scheme that is not configured', () => {
  it('is refused: Basic', async () => {
    const { headers } = await ask(AS_ALICE.authorization).expect(401);
    expect(headers['www-authenticate']).toBe(`Bearer ${REALM}`);
  });

  it('is refused: bearer', async () => {
    const basicOnly = await startBff(sandbox.url);
    const { headers } = await ask(`Bearer ${await provider.token()}`, basicOnly).expect(401);
    expect(headers['www-authenticate']).toBe(`Basic ${REALM}, charset="UTF-8"`);
    await basicOnly.close();
    expect(provider.requests).toEqual([]);
  });
});
