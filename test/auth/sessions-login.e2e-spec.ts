import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JWTPayload, generateKeyPair } from 'jose';
import { type Bff, startBff } from '../harness/bff.js';
import { type Forgery, ForgingProvider, signed, unsigned } from '../harness/forging-provider.js';
import { LoginClient } from '../harness/login-client.js';
import {
  CLIENT_ID,
  PASSWORDS,
  SESSION_SECRET,
  SessionSetting,
  outcomeOf,
} from '../harness/session-setting.js';

const LOGIN_FAILED = [400, 'LOGIN_FAILED'];
const AWAY = [503, 'IDENTITY_PROVIDER_UNAVAILABLE'];

/** What the service makes of a callback, and the sessions that the browser has after it. */
async function ended(browser: LoginClient, callback: URL) {
  const outcome = await outcomeOf(await browser.fetch(callback));
  return { outcome, hasSession: browser.cookies().has('alfresco-downloads') };
}

/** What browsers send when a person has followed a link. */
const NAVIGATION = { headers: { accept: 'text/html,*/*;q=0.8' } };

/** Begins a log-in and cancels it at the provider; the response of the service. */
async function cancelled(browser: LoginClient, returnTo?: string): Promise<Response> {
  const page = await browser.begin(returnTo);
  let response = await browser.fetch(page, {
    method: 'POST',
    body: new URLSearchParams({ cancel: 'yes' }),
  });
  while (response.status === 303) {
    const next = new URL(response.headers.get('location')!, page);
    response = await browser.fetch(next, returnTo === undefined ? {} : NAVIGATION);
  }
  return response;
}

/** The links of a page to other than pages about problems. */
function linksIn(page: string): string[] {
  return [...page.matchAll(/<a href="([^"]*)"/g)]
    .map(([, href]) => href!.replaceAll('&amp;', '&'))
    .filter((href) => !href.startsWith('/problems/'));
}

describe('a log-in', () => {
  let setting: SessionSetting;
  let bff: Bff;
  beforeAll(async () => {
    setting = await SessionSetting.start();
    bff = await setting.startService();
  });
  afterAll(() => setting.close());

  it('is refused in a browser that has not begun it (login CSRF)', async () => {
    const attacker = new LoginClient(bff.url);
    const callback = await attacker.submit(await attacker.begin(), 'bob', PASSWORDS.bob);
    const victim = new LoginClient(bff.url);
    const failed = { outcome: LOGIN_FAILED, hasSession: false };
    expect(await ended(victim, callback)).toEqual(failed);
    await victim.begin();
    expect(await ended(victim, callback)).toEqual(failed);
    // The code is still good, in the browser that it was meant for.
    expect(await ended(attacker, callback)).toMatchObject({ hasSession: true });
  });

  it('is refused with a code of another browser behind its own state', async () => {
    const attacker = new LoginClient(bff.url);
    const stolen = await attacker.submit(await attacker.begin(), 'bob', PASSWORDS.bob);
    const victim = new LoginClient(bff.url);
    const callback = await victim.submit(await victim.begin(), 'alice', PASSWORDS.alice);
    callback.searchParams.set('code', stolen.searchParams.get('code')!);
    expect(await ended(victim, callback)).toEqual({ outcome: LOGIN_FAILED, hasSession: false });
  });

  it('ends once: neither the address nor the code is good again', async () => {
    const browser = new LoginClient(bff.url);
    const page = await browser.begin();
    const cookie = browser.cookieHeader();
    const callback = await browser.submit(page, 'alice', PASSWORDS.alice);
    expect((await browser.fetch(callback)).status).toBe(303);
    expect(await outcomeOf(await browser.fetch(callback))).toEqual(LOGIN_FAILED);
    const again = await browser.fetch(callback, { headers: { cookie } });
    expect(again.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^alfresco-downloads-login-[\w-]+=; Max-Age=0;/),
    ]);
    expect(await outcomeOf(again)).toEqual(LOGIN_FAILED);
  });

  it('is refused when the state is missing, another one, or given twice', async () => {
    const browser = new LoginClient(bff.url);
    const callback = await browser.submit(await browser.begin(), 'alice', PASSWORDS.alice);
    const state = callback.searchParams.get('state')!;
    const code = callback.searchParams.get('code')!;
    for (const query of [
      `?code=${code}`,
      `?code=${code}&state=`,
      `?code=${code}&state=${state.slice(0, -1)}_`,
      `?code=${code}&state=${randomBytes(32).toString('base64url')}`,
      `?code=${code}&state=${state}&state=${state}`,
      `?code=${code}&state=${'x'.repeat(4000)}`,
    ]) {
      const failed = { outcome: LOGIN_FAILED, hasSession: false };
      expect([query, await ended(browser, new URL(query, callback))]).toEqual([query, failed]);
    }
    expect((await browser.fetch(callback)).status).toBe(303);
  });

  it('that the person cancels is 400, and the next one works', async () => {
    const browser = new LoginClient(bff.url);
    const response = await cancelled(browser);
    expect(await outcomeOf(response)).toEqual(LOGIN_FAILED);
    expect([...browser.cookies()]).toEqual([]);
    expect((await browser.logIn('alice', PASSWORDS.alice)).status).toBe(303);
  });

  it('that the person cancels ends on a page that leads back, and to the log-in', async () => {
    const browser = new LoginClient(bff.url);
    const returnTo = '/page?title="<b>&x=1';
    const [again, back] = linksIn(await (await cancelled(browser, returnTo)).text());
    expect(back).toBe(`${bff.url}/page?title=%22%3Cb%3E&x=1`);
    const { pathname, searchParams } = new URL(again!);
    expect(pathname).toBe('/auth/login');
    const end = await browser.logIn('alice', PASSWORDS.alice, searchParams.get('returnTo')!);
    expect(end.headers.get('location')).toBe(back);
  });

  it('that nobody has begun ends on a page that leads to the log-in', async () => {
    const browser = new LoginClient(bff.url);
    const response = await browser.fetch('/auth/callback?state=x&code=x&returnTo=/x', NAVIGATION);
    const links = linksIn(await response.text());
    expect(links).toEqual([`${bff.url}/auth/login?returnTo=%2F`]);
  });

  it('gives a new id, and ends the session that the browser had (session fixation)', async () => {
    const browser = new LoginClient(bff.url);
    await browser.logIn('alice', PASSWORDS.alice);
    const former = browser.cookieHeader();
    await browser.logIn('alice', PASSWORDS.alice);
    expect(browser.cookieHeader()).not.toBe(former);
    expect((await browser.fetch('/auth/session')).status).toBe(200);
    expect(
      await outcomeOf(await browser.fetch('/auth/session', { headers: { cookie: former } })),
    ).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('takes no id that someone has thought up', async () => {
    const planted = `alfresco-downloads=${randomBytes(32).toString('base64url')}`;
    const browser = new LoginClient(bff.url);
    const callback = await browser.submit(await browser.begin(), 'alice', PASSWORDS.alice);
    await browser.fetch(callback, {
      headers: { cookie: `${browser.cookieHeader()}; ${planted}` },
    });
    expect(`alfresco-downloads=${browser.cookies().get('alfresco-downloads')}`).not.toBe(planted);
    const response = await browser.fetch('/auth/session', { headers: { cookie: planted } });
    expect(response.status).toBe(401);
  });

  it.each([
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '\t//evil.example',
    ' //evil.example',
    '/\r\nset-cookie:x=y',
    'https://evil.example/',
    'HTTPS:evil.example',
    'https:/evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '@evil.example',
    '.evil.example',
    'evil.example',
    '',
    '?returnTo=x',
    `/${'x'.repeat(1024)}`,
    `/${'€'.repeat(400)}`,
  ])('does not return to %j', async (returnTo) => {
    const response = await fetch(`${bff.url}/auth/login?returnTo=${encodeURIComponent(returnTo)}`, {
      redirect: 'manual',
    });
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(response.headers.get('location')).toBeNull();
    expect(await outcomeOf(response)).toEqual([400, 'VALIDATION_FAILED']);
  });

  it('does not return to one of two places', async () => {
    const response = await fetch(`${bff.url}/auth/login?returnTo=/a&returnTo=//evil.example`, {
      redirect: 'manual',
    });
    expect(await outcomeOf(response)).toEqual([400, 'VALIDATION_FAILED']);
  });

  it.each([
    ['/', '/'],
    ['/%2f%2fevil.example', '/%2f%2fevil.example'],
    ['/%5cevil.example', '/%5cevil.example'],
    ['/..//evil.example', '//evil.example'],
    ['/.//evil.example', '//evil.example'],
    ['/a@evil.example', '/a@evil.example'],
    ['/a:80/b?next=https://evil.example#x', '/a:80/b?next=https://evil.example#x'],
    ['/übersicht', '/%C3%BCbersicht'],
  ])('returns to %j on its own host', async (returnTo, path) => {
    const browser = new LoginClient(bff.url);
    const response = await browser.logIn('alice', PASSWORDS.alice, returnTo);
    // Absolute, so that no browser takes a path for a host.
    expect(response.headers.get('location')).toBe(bff.url + path);
  });

  it('leaves two tabs alone that log in at once, and forgets those that never end', async () => {
    const browser = new LoginClient(bff.url);
    const pages = [await browser.begin('/1'), await browser.begin('/2')];
    for (const [index, page] of pages.entries()) {
      const callback = await browser.submit(page, 'alice', PASSWORDS.alice);
      const response = await browser.fetch(callback);
      expect(response.headers.get('location')).toBe(`${bff.url}/${index + 1}`);
    }
    for (let count = 0; count < 20; count += 1) await browser.fetch('/auth/login');
    expect(browser.cookies().size).toBeLessThanOrEqual(5);
    expect((await browser.fetch('/auth/session')).status).toBe(200);
    expect((await browser.logIn('alice', PASSWORDS.alice)).status).toBe(303);
  });

  it('is not begun with a cookie of another service, nor with a changed one', async () => {
    const browser = new LoginClient(bff.url);
    const callback = await browser.submit(await browser.begin(), 'alice', PASSWORDS.alice);
    const [[name, value] = ['', '']] = [...browser.cookies()];
    const other = new LoginClient(bff.url);
    await other.begin();
    const [[, foreign] = ['', '']] = [...other.cookies()];
    for (const cookie of [
      `${name}=${foreign}`,
      `${name}=${value.slice(0, -2)}AA`,
      `${name}=${value.replace('.', '.A')}`,
      `${name}=x`,
      `${name}=`,
      `${name}=${value}; ${name}=${value}`,
    ]) {
      const response = await browser.fetch(callback, { headers: { cookie } });
      expect(await outcomeOf(response)).toEqual(LOGIN_FAILED);
    }
  });

  it('shows neither the code nor the state to the next page', async () => {
    const browser = new LoginClient(bff.url);
    const response = await browser.logIn('alice', PASSWORDS.alice, '/page');
    expect(response.headers.get('location')).toBe(`${bff.url}/page`);
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('is 503 while the provider is away, and works when it is back', async () => {
    const other = await SessionSetting.start();
    try {
      const { url } = await other.startService({}, { pacing: { auth: { providerPauseMs: 50 } } });
      await other.provider.pause();
      const browser = new LoginClient(url);
      const response = await browser.fetch('/auth/login');
      expect(response.headers.get('retry-after')).toBe('5');
      expect(await outcomeOf(response)).toEqual(AWAY);
      await other.provider.resume();
      await vi.waitFor(async () => {
        expect((await browser.fetch('/auth/login')).status).toBe(303);
      });
      const callback = await browser.submit(await browser.begin(), 'alice', PASSWORDS.alice);
      await other.provider.pause();
      // Of both, the provider says nothing: the same address may work later.
      expect(await outcomeOf(await browser.fetch(callback))).toEqual(AWAY);
      await other.provider.resume();
      await vi.waitFor(async () => {
        expect((await browser.fetch(callback)).status).toBe(303);
      });
    } finally {
      await other.close();
    }
  });
});

describe('a provider that forges', () => {
  let provider: ForgingProvider;
  let sandbox: SessionSetting;
  let bff: Bff;
  beforeAll(async () => {
    provider = await ForgingProvider.start(CLIENT_ID);
    sandbox = await SessionSetting.start({
      variables: {
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_SECRET: 'a-secret-that-signs-nothing-here',
      },
    });
    bff = await sandbox.startService();
  });
  afterAll(async () => {
    await sandbox.close();
    await provider.close();
  });

  /** Logs in with this ID token and this query besides the code; `iss` is the provider's unless given. */
  async function logInWith(forgery: Forgery, query: Record<string, string> = {}) {
    const browser = new LoginClient(bff.url);
    const location = (await browser.fetch('/auth/login')).headers.get('location')!;
    const asked = new URL(location).searchParams;
    provider.nonce = asked.get('nonce')!;
    provider.forgery = forgery;
    const parameters = { code: 'a-code', state: asked.get('state')!, iss: provider.issuer };
    const all = new URLSearchParams({ ...parameters, ...query });
    const response = await browser.fetch(`/auth/callback?${all.toString()}`);
    return { status: response.status, cookies: [...browser.cookies().keys()] };
  }

  const REFUSED = { status: 400, cookies: [] };

  it('is believed as long as it does not', async () => {
    expect(await logInWith({})).toEqual({ status: 303, cookies: ['alfresco-downloads'] });
  });

  it.each<[string, JWTPayload]>([
    ['the nonce of another log-in', { nonce: 'another-nonce' }],
    ['no nonce', { nonce: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'another-client' }],
    ['several audiences, and another party', { aud: [CLIENT_ID, 'x'], azp: 'x' }],
    ['an end that has passed', { exp: 1 }],
    ['no end', { exp: undefined }],
    ['no subject', { sub: undefined }],
    ['a subject with a line end', { sub: 'alice\nadmin' }],
    ['no name', { preferred_username: '' }],
  ])('is not believed with %s in the ID token', async (_, claims) => {
    expect(await logInWith({ claims })).toEqual(REFUSED);
  });

  it.each<[string, () => Promise<Forgery['sign']>]>([
    ['without a signature (alg: none)', async () => async (claims) => unsigned(claims)],
    [
      'signed with the secret of the client (HS256)',
      async () => (claims) =>
        signed(claims, Buffer.from('a-secret-that-signs-nothing-here'), { alg: 'HS256' }),
    ],
    [
      'signed with another key',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return (claims) => signed(claims, privateKey);
      },
    ],
    [
      'signed with a key that is not published',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return (claims) => signed(claims, privateKey, { alg: 'RS256', kid: 'key-2' });
      },
    ],
  ])('is not believed with an ID token %s', async (_, signer) => {
    expect(await logInWith({ sign: await signer() })).toEqual(REFUSED);
  });

  it.each<[string, Record<string, string>]>([
    ['another provider', { iss: 'https://evil.example' }],
    ['nobody', { iss: '' }],
    ['another provider, whose path is the same', { iss: 'http://127.0.0.1:1' }],
  ])('gets no code that comes from %s (RFC 9207, mix-up)', async (_, query) => {
    const before = provider.codes;
    expect(await logInWith({}, query)).toEqual(REFUSED);
    expect(provider.codes).toBe(before);
  });
});

describe('OIDC_CLIENT_KEY_FILE', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it.each<[string, 'pkcs8', 'RS256' | 'ES256' | 'ES384' | 'ES512' | 'Ed25519', typeof rsa]>([
    ['RSA', 'pkcs8', 'RS256', rsa],
    ['RSA, as OpenSSL wrote it once', 'pkcs1' as 'pkcs8', 'RS256', rsa],
    ['P-256', 'pkcs8', 'ES256', ec('P-256')],
    ['P-256, as OpenSSL wrote it once', 'sec1' as 'pkcs8', 'ES256', ec('P-256')],
    ['P-384', 'pkcs8', 'ES384', ec('P-384')],
    ['P-521', 'pkcs8', 'ES512', ec('P-521')],
    ['Ed25519', 'pkcs8', 'Ed25519', generateKeyPairSync('ed25519')],
  ])('proves which client this is (private_key_jwt): %s', async (_, type, alg, keyPair) => {
    const directory = await mkdtemp(join(tmpdir(), 'client-key-'));
    const { publicKey, privateKey } = keyPair;
    const file = join(directory, 'key.pem');
    await writeFile(file, privateKey.export({ type, format: 'pem' }));
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'client-1', alg, use: 'sig' };
    const setting = await SessionSetting.start({
      accessTokenSeconds: 1,
      client: {
        client_secret: undefined,
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: alg,
        jwks: { keys: [jwk] },
      },
    });
    try {
      const { OIDC_CLIENT_SECRET: _secret, ...variables } = setting.variables;
      const bff = await startBff(setting.sandbox.url, { ...variables, OIDC_CLIENT_KEY_FILE: file });
      const browser = await setting.loggedIn();
      await vi.waitFor(
        async () => {
          expect((await browser.fetch('/auth/session')).status).toBe(200);
          expect(setting.provider.grants).toContain('refresh_token');
        },
        { timeout: 5000 },
      );
      await bff.close();
    } finally {
      await setting.close();
      await rm(directory, { recursive: true });
    }
  });

  it.each([
    ['an RSA key of 1024 bits', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey],
    ['secp256k1', ec('secp256k1').privateKey],
    ['Ed448', generateKeyPairSync('ed448').privateKey],
    ['X25519', generateKeyPairSync('x25519').privateKey],
  ])('of a kind that no provider takes stops the start: %s', async (_, key) => {
    const directory = await mkdtemp(join(tmpdir(), 'client-key-'));
    const file = join(directory, 'key.pem');
    await writeFile(file, key.export({ type: 'pkcs8', format: 'pem' }));
    const start = startBff('http://127.0.0.1:1', {
      AUTH: 'session',
      PUBLIC_URL: 'https://downloads.example',
      OIDC_ISSUER: 'https://id.example',
      OIDC_CLIENT_ID: CLIENT_ID,
      OIDC_CLIENT_KEY_FILE: file,
      SESSION_SECRET,
    });
    await expect(start).rejects.toThrow(
      `OIDC_CLIENT_KEY_FILE="${file}": must be a key of RSA with at least 2048 bits, P-256, P-384, P-521 or Ed25519`,
    );
    await rm(directory, { recursive: true });
  });
});

function ec(namedCurve: string) {
  return generateKeyPairSync('ec', { namedCurve });
}
