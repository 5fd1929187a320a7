import { type JWTPayload, SignJWT, createLocalJWKSet, exportJWK, generateKeyPair } from 'jose';
import { ProblemException } from '../problems/problem.exception.js';
import { callerIdAt } from './caller.js';
import { TokenVerifier } from './token-verifier.js';

const OIDC = {
  issuer: 'https://id.example.com',
  audience: 'downloads',
  usernameClaim: 'email',
};

describe('the verifier of tokens', () => {
  let verifier: TokenVerifier;
  let tokenWith: (claims: JWTPayload, typ?: string) => Promise<string>;

  beforeAll(async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = createLocalJWKSet({ keys: [await exportJWK(publicKey)] });
    verifier = new TokenVerifier(OIDC, keys);
    tokenWith = (claims, typ) =>
      new SignJWT({ sub: '42', email: 'alice@example.com', ...claims })
        .setProtectedHeader({ alg: 'ES256', ...(typ !== undefined && { typ }) })
        .setIssuer(OIDC.issuer)
        .setAudience(OIDC.audience)
        .setExpirationTime('1 minute')
        .sign(privateKey);
  });

  it('knows a caller by subject, and by the configured claim', async () => {
    await expect(verifier.verify(await tokenWith({}))).resolves.toEqual({
      id: callerIdAt(OIDC.issuer, '42'),
      name: 'alice@example.com',
      expiresAt: expect.any(Number) as number,
    });
  });

  it.each<[string, JWTPayload]>([
    ['none', { email: undefined }],
    ['an empty one', { email: '' }],
    ['a blank one', { email: ' \t' }],
    ['one with a line end', { email: 'alice\n' }],
    ['one with a control character of Latin-1', { email: 'alice\u0085' }],
    ['longer than a subject may be', { email: 'x'.repeat(256) }],
    ['not well-formed', { email: '\ud800' }],
    ['a number', { email: 7 }],
    ['null', { email: null }],
  ])('knows nobody whose name is %s', async (_what, claims) => {
    await expect(verifier.verify(await tokenWith(claims))).resolves.toBeUndefined();
  });

  it.each(['\ud800', '\ud801', 'a\udfff'])(
    'knows nobody whose subject is not well-formed',
    async (sub) => {
      await expect(verifier.verify(await tokenWith({ sub }))).resolves.toBeUndefined();
    },
  );

  it.each<[string, JWTPayload, string?]>([
    ['a logout token', {}, 'logout+jwt'],
    ['a logout token in full', {}, 'application/logout+jwt'],
    ['an ID token', {}, 'id+jwt'],
    ['a DPoP proof', {}, 'dpop+jwt'],
    ['an ID token by its claims', { at_hash: 'x' }],
    ['an ID token of the hybrid flow', { c_hash: 'x' }],
    ['a logout token by its claims', { events: {} }],
    ['an ID token of Keycloak', { typ: 'ID' }],
    ['a refresh token of Keycloak', { typ: 'Refresh' }],
  ])('knows nobody by %s', async (_what, claims, typ) => {
    await expect(verifier.verify(await tokenWith(claims, typ))).resolves.toBeUndefined();
  });

  it.each<[string | undefined, JWTPayload]>([
    [undefined, {}],
    ['JWT', { typ: 'Bearer' }],
    ['jwt', { nonce: 'x' }],
    ['at+jwt', {}],
    ['application/at+jwt', {}],
  ])('takes access tokens of the type %s', async (typ, claims) => {
    await expect(verifier.verify(await tokenWith(claims, typ))).resolves.toBeDefined();
  });

  it('knows nobody by a text that is no token', async () => {
    await expect(verifier.verify('text')).resolves.toBeUndefined();
  });

  it('passes on that there are no keys', async () => {
    const problem = new ProblemException('IDENTITY_PROVIDER_UNAVAILABLE');
    const without = new TokenVerifier(OIDC, () => Promise.reject(problem));
    await expect(without.verify(await tokenWith({}))).rejects.toBe(problem);
  });

  it('blames the provider for a key that cannot be used', async () => {
    const broken = new TokenVerifier(OIDC, () => Promise.reject(new TypeError('too short')));
    await expect(broken.verify(await tokenWith({}))).rejects.toMatchObject({
      code: 'IDENTITY_PROVIDER_UNAVAILABLE',
    });
  });
});
