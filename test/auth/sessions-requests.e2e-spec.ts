import { onTestFinished } from 'vitest';
import { callerIdAt } from '#service/auth/caller.js';
import { openRegistry } from '#service/downloads/registry/registry.factory.js';
import { AUDIENCE } from '../../demo/identity-provider.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, type Bff, basic } from '../harness/bff.js';
import { LoginClient } from '../harness/login-client.js';
import { until } from '../harness/polling.js';
import { rawRequest } from '../harness/raw-http.js';
import { RequestLog } from '../harness/request-log.js';
import { Scrape } from '../harness/scrape.js';
import { PASSWORDS, SessionSetting, XHR } from '../harness/session-setting.js';
import { describeWithStores, tokensOf } from '../harness/session-stores.js';

const HOUR = 3_600_000;
const BODY = JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] });
const JSON_TYPE = { 'content-type': 'application/json' };

/** A POST of a download with these headers and no others. */
function create({ port }: Bff, headers: Record<string, string>) {
  return rawRequest(port, {
    method: 'POST',
    path: '/downloads',
    headers: { ...JSON_TYPE, ...headers },
    body: BODY,
  });
}

describe('a request with the cookie of a session', () => {
  const log = new RequestLog();
  let setting: SessionSetting;
  let bff: Bff;
  let browser: LoginClient;
  let cookie: string;
  beforeAll(async () => {
    setting = await SessionSetting.start();
    bff = await setting.startService({ LOG_LEVEL: 'silent' }, { onLine: log.add });
    browser = await setting.loggedIn();
    cookie = browser.cookieHeader();
  });
  afterAll(() => setting.close());

  it.each<[string, Record<string, string>]>([
    ['a form of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a page of another site that sends the header', { 'sec-fetch-site': 'cross-site', ...XHR }],
    ['a neighbour on the same site', { 'sec-fetch-site': 'same-site', ...XHR }],
    ['an older browser on another site', { origin: 'https://evil.example', ...XHR }],
    ['a sandboxed page', { origin: 'null', ...XHR }],
    ['a form of this site', { 'sec-fetch-site': 'same-origin' }],
    ['a browser that tells nothing, without X-Requested-With', {}],
  ])('changes nothing when it comes from %s', async (_, headers) => {
    setting.sandbox.clearRequests();
    const made = await create(bff, { cookie, ...headers });
    expect([made.status, made.json().code]).toEqual([403, 'ORIGIN_FORBIDDEN']);
    for (const [method, path] of [
      ['POST', '/auth/logout'],
      ['DELETE', '/downloads/3139d32c-93cd-49bf-9c94-1cf0dc98d2c1'],
      ['DELETE', '/nodes/3139d32c-93cd-49bf-9c94-1cf0dc98d2c1'],
    ] as const) {
      const { status } = await rawRequest(bff.port, {
        method,
        path,
        headers: { cookie, ...headers },
      });
      expect([method, path, status]).toEqual([method, path, 403]);
    }
    expect(setting.sandbox.requests).toEqual([]);
    expect((await browser.fetch('/auth/session')).status).toBe(200);
  });

  it('changes something when it comes from a page of this service', async () => {
    for (const headers of [XHR, { 'x-csrf-token': 'any' }]) {
      const own = { origin: bff.url, 'sec-fetch-site': 'same-origin' };
      expect((await create(bff, { cookie, ...own, ...headers })).status).toBe(202);
    }
  });

  it('is 400 with an Authorization besides, whichever and wherever', async () => {
    for (const authorization of [
      basic({ name: 'alice', password: PASSWORDS.alice }),
      'Bearer eyJhbGciOiJub25lIn0.e30.',
      'Negotiate x',
      '',
    ]) {
      for (const path of ['/auth/session', '/downloads', '/downloads/some-id/events']) {
        const headers = { cookie, Authorization: authorization };
        const response = await rawRequest(bff.port, { path, headers });
        expect([response.status, response.json()]).toMatchObject([
          400,
          { code: 'VALIDATION_FAILED', errors: [{ parameter: 'Authorization' }] },
        ]);
      }
    }
  });

  it.each<[string, (own: string) => string]>([
    ['twice', (own) => `${own}; ${own}`],
    ['and another one of the same name after it', (own) => `${own}; alfresco-downloads=x`],
    ['and another one of the same name before it', (own) => `alfresco-downloads=x; ${own}`],
    ['with a character more', (own) => `${own}A`],
    ['with a character less', (own) => own.slice(0, -1)],
    ['in other case', (own) => own.toUpperCase()],
    ['under another name', (own) => own.replace('alfresco-downloads', 'alfresco-downloads2')],
    ['under its secure name', (own) => `__Host-${own}`],
    ['inside of another one', (own) => `x="; ${own}"`],
    ['empty', () => 'alfresco-downloads='],
    ['of 4 kB', () => `alfresco-downloads=${'A'.repeat(4096)}`],
    ['of 12 kB', () => `alfresco-downloads=${'A'.repeat(12_288)}`],
    ['a thousand times', () => 'alfresco-downloads=A; '.repeat(500)],
    ['with an attribute’s name', () => 'alfresco-downloads=__proto__'],
  ])('is 401 when the cookie comes %s', async (_, change) => {
    const response = await rawRequest(bff.port, {
      path: '/auth/session',
      headers: { cookie: change(cookie) },
    });
    expect([response.status, response.json().code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(response.headers['set-cookie']).toBeUndefined();
  });

  it('is served when it has other cookies besides, and 431 when they are too many', async () => {
    for (const [others, status] of [
      ['theme=dark; x="a b"; y=%E2%82', 200],
      [`x=${'y'.repeat(12_000)}`, 200],
      [`x=${'y'.repeat(40_000)}`, 431],
    ] as const) {
      const headers = { cookie: `${others}; ${cookie}` };
      const response = await rawRequest(bff.port, { path: '/auth/session', headers });
      expect(response.status).toBe(status);
    }
  });

  it('has its caller in the log, and nothing secret', async () => {
    const response = await browser.fetch('/auth/session');
    const id = callerIdAt(setting.provider.issuer, 'alice');
    expect(await log.line(response.headers.get('x-request-id')!)).toMatchObject({ caller: id });
    const code = 'a-code-that-is-in-the-address';
    await fetch(`${bff.url}/auth/callback?code=${code}&state=some-state-of-a-log-in`);
    await until(
      () => log.lines.filter(({ status }) => status === 400),
      (lines) => lines.length > 0,
    );
    const text = JSON.stringify(log.lines) + (await Scrape.of(bff.url)).text;
    for (const secret of [cookie.split('=')[1]!, code, 'some-state-of-a-log-in', 'eyJ']) {
      expect(text).not.toContain(secret);
    }
    expect((await Scrape.of(bff.url)).text).not.toContain('alice');
  });

  it('is counted by what becomes of its session', async () => {
    const before = await Scrape.of(bff.url);
    const other = await setting.loggedIn();
    await other.logIn('alice', PASSWORDS.alice);
    await other.fetch('/auth/logout', { method: 'POST', headers: XHR });
    const after = await Scrape.of(bff.url);
    const grown = (name: string, labels: Record<string, string>) =>
      (after.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0);
    expect(grown('bff_logins_total', { outcome: 'success' })).toBe(2);
    expect(grown('bff_sessions_ended_total', { reason: 'login' })).toBe(1);
    expect(grown('bff_sessions_ended_total', { reason: 'logout' })).toBe(1);
  });
});

describe('AUTH=basic,session', () => {
  let setting: SessionSetting;
  let bff: Bff;
  beforeAll(async () => {
    setting = await SessionSetting.start({ variables: { AUTH: 'basic,session' } });
    bff = await setting.startService();
  });
  afterAll(() => setting.close());

  it('serves both, as two callers', async () => {
    const browser = await setting.loggedIn();
    const made = await create(bff, { cookie: browser.cookieHeader(), ...XHR });
    const { id } = (made.json() as { entry: { id: string } }).entry;
    expect((await browser.fetch(`/downloads/${id}`)).status).toBe(200);
    const response = await fetch(`${bff.url}/downloads/${id}`, { headers: AS_ALICE });
    expect(response.status).toBe(403);
  });

  it('opens no window of a browser, and tells scripts how to log in', async () => {
    const challenge = async (headers: Record<string, string>) =>
      (await fetch(`${bff.url}/downloads`, { headers })).headers.get('www-authenticate');
    const realm = 'realm="alfresco-downloads"';
    const inBrowser = `xBasic ${realm}, charset="UTF-8", Cookie ${realm}`;
    for (const mode of ['cors', 'navigate', 'no-cors', 'same-origin']) {
      expect(await challenge({ 'sec-fetch-mode': mode })).toBe(inBrowser);
    }
    expect(await challenge(XHR)).toBe(inBrowser);
    // `fetch` of Node says which mode it has, as browsers do; curl does not.
    const { headers } = await rawRequest(bff.port, { path: '/downloads' });
    expect(headers['www-authenticate']).toBe(`Basic ${realm}, charset="UTF-8", Cookie ${realm}`);
  });

  it('never redirects a request of the API', async () => {
    for (const accept of ['text/html', 'application/json', '*/*']) {
      const response = await fetch(`${bff.url}/downloads`, {
        headers: { accept },
        redirect: 'manual',
      });
      expect([response.status, response.headers.get('location')]).toEqual([401, null]);
    }
  });
});

describe('/health/ready', () => {
  it.each(['session', 'bearer'])(
    'with AUTH=%s is degraded without the provider, and never down',
    async (AUTH) => {
      const setting = await SessionSetting.start({ variables: { AUTH, OIDC_AUDIENCE: AUDIENCE } });
      onTestFinished(() => setting.close());
      const pacing = { health: { rememberMs: 1, rememberProviderMs: 1 } };
      const bff = await setting.startService({}, { pacing });
      const ready = async () => {
        const response = await fetch(`${bff.url}/health/ready`);
        const { status, details } = (await response.json()) as Readiness;
        return [response.status, status, details.identityProvider?.status];
      };
      expect(await ready()).toEqual([200, 'ok', 'up']);
      await setting.provider.pause();
      await vi.waitFor(async () => {
        expect(await ready()).toEqual([200, 'degraded', 'degraded']);
      });
      await setting.provider.resume();
      await vi.waitFor(async () => {
        expect(await ready()).toEqual([200, 'ok', 'up']);
      });
    },
  );
});

interface Readiness {
  readonly status: string;
  readonly details: { readonly identityProvider?: { readonly status: string } };
}

describeWithStores('AUTH=bearer,session', (open) => {
  it('knows one person by both, also what they have made before the upgrade', async () => {
    const store = await open();
    const setting = await SessionSetting.start({
      variables: { AUTH: 'bearer,session', OIDC_AUDIENCE: AUDIENCE, STORE_URL: store.url },
    });
    onTestFinished(async () => {
      await setting.close();
      await store.close();
    });
    // What version 0.1.0 wrote.
    const registry = openRegistry({ url: store.url, retentionMs: HOUR });
    const former = '3fa85f64-5717-4562-b3fc-2c963f66afa6';
    await registry.add({ id: former, owner: 'bearer:alice', createdAt: Date.now() });
    const bff = await setting.startService();
    const id = callerIdAt(setting.provider.issuer, 'alice');
    expect(
      await until(
        () => registry.ownerOf(former),
        (owner) => owner === id,
      ),
    ).toBe(id);
    await registry.close();

    const browser = await setting.loggedIn();
    const made = await create(bff, { cookie: browser.cookieHeader(), ...XHR });
    const { entry } = made.json() as { entry: { id: string } };
    const authorization = `Bearer ${(await tokensOf('alice', store.url)).accessToken}`;
    const read = (headers: Record<string, string>) =>
      fetch(`${bff.url}/downloads/${entry.id}`, { headers });
    expect((await read({ authorization })).status).toBe(200);
    await vi.waitFor(async () => {
      const url = `${bff.url}/downloads/${entry.id}/content`;
      const content = await fetch(url, { headers: { authorization } });
      expect(content.status).toBe(200);
      expect((await content.arrayBuffer()).byteLength).toBeGreaterThan(0);
    });
    const bob = await setting.loggedIn('bob');
    expect((await read({ cookie: bob.cookieHeader() })).status).toBe(403);
  });
});

describe('behind a proxy with TLS', () => {
  const PUBLIC_URL = 'https://downloads.example.com';
  const PAGE = 'https://app.example.org';

  async function logIn(variables: Record<string, string>) {
    const setting = await SessionSetting.start({ variables: { PUBLIC_URL, ...variables } });
    onTestFinished(() => setting.close());
    const bff = await setting.startService();
    const browser = new LoginClient(bff.url, PUBLIC_URL);
    const begun = await browser.fetch('/auth/login');
    const response = await browser.logIn('alice', PASSWORDS.alice, '/page');
    return { bff, browser, begun, response };
  }

  it('cookies are for this host alone, and secure', async () => {
    const { browser, begun, response } = await logIn({});
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-alfresco-downloads-login-[\w-]{8}=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    expect(response.headers.get('location')).toBe(`${PUBLIC_URL}/page`);
    expect(response.headers.getSetCookie()[0]).toMatch(
      /^__Host-alfresco-downloads=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    expect((await browser.fetch('/auth/session')).status).toBe(200);
    const cookie = `alfresco-downloads=${browser.cookies().get('__Host-alfresco-downloads')}`;
    expect((await browser.fetch('/auth/session', { headers: { cookie } })).status).toBe(401);
  });

  it('pages of listed origins, and no others, work with SESSION_SAME_SITE=none', async () => {
    const { bff, browser, response } = await logIn({
      SESSION_SAME_SITE: 'none',
      CORS_ORIGINS: PAGE,
    });
    expect(response.headers.getSetCookie()[0]).toMatch(/; HttpOnly; Secure; SameSite=None$/);
    const cookie = browser.cookieHeader();
    const from = (origin: string) => ({ origin, 'sec-fetch-site': 'cross-site', cookie });
    const read = (origin: string) =>
      rawRequest(bff.port, { path: '/auth/session', headers: from(origin) });
    expect((await read(PAGE)).headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-credentials': 'true',
    });
    const evil = (await read('https://evil.example')).headers;
    expect(Object.keys(evil).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect((await create(bff, { ...from(PAGE), ...XHR })).status).toBe(202);
    expect((await create(bff, from(PAGE))).status).toBe(403);
    expect((await create(bff, { ...from('https://evil.example'), ...XHR })).status).toBe(403);
    const preflight = await rawRequest(bff.port, {
      method: 'OPTIONS',
      path: '/downloads',
      headers: {
        origin: PAGE,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,x-requested-with',
      },
    });
    expect(preflight.headers['access-control-allow-headers']).toContain('X-Requested-With');
  });
});

describe('a session under Alfresco’s path', () => {
  it('has no ticket, which a script could read, and says so', async () => {
    const PUBLIC = 'alfresco/api/-default-/public';
    const API_PREFIX = `${PUBLIC}/alfresco/versions/1`;
    const setting = await SessionSetting.start({ variables: { API_PREFIX } });
    onTestFinished(() => setting.close());
    await setting.startService();
    const browser = await setting.loggedIn();
    for (const method of ['GET', 'DELETE']) {
      const path = `/${PUBLIC}/authentication/versions/1/tickets/-me-`;
      const response = await browser.fetch(path, { method, headers: XHR });
      expect([method, response.status, await response.json()]).toEqual([
        method,
        400,
        expect.objectContaining({
          code: 'VALIDATION_FAILED',
          errors: [
            { parameter: 'Cookie', detail: 'is of a session, which has no ticket and needs none' },
          ],
        }),
      ]);
    }
    expect((await browser.fetch('/auth/session')).status).toBe(200);
  });
});
