import { type JWTPayload, generateKeyPair } from 'jose';
import { openSessionStore } from '#service/auth/stores.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Bff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { ForgingProvider, signed, unsigned } from '../harness/forging-provider.js';
import { LoginClient } from '../harness/login-client.js';
import { until } from '../harness/polling.js';
import { Scrape } from '../harness/scrape.js';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  SessionSetting,
  XHR,
  outcomeOf,
} from '../harness/session-setting.js';
import { type SharedStore, describeWithStores } from '../harness/session-stores.js';

const LOGGED_OUT = [401, 'UNAUTHENTICATED'];
/** What a caller waits for at most until everything of theirs has ended. */
const A_SECOND = 1000;

/** A download that never finishes, whose maker this browser is. */
async function stuckDownload(browser: LoginClient): Promise<string> {
  const response = await browser.fetch('/downloads', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...XHR },
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.crashingFile] }),
  });
  const { entry } = (await response.json()) as { entry: { id: string } };
  await vi.waitFor(async () => {
    const status = await browser.fetch(`/downloads/${entry.id}`);
    expect(await status.json()).toMatchObject({ entry: { status: 'IN_PROGRESS' } });
  });
  return entry.id;
}

async function isAlive(browser: LoginClient): Promise<boolean> {
  return (await browser.fetch('/auth/session')).status === 200;
}

/** A stream and a long poll of a download at each service. */
async function watchAt(services: readonly Bff[], id: string, cookie: string) {
  const open = services.map(async ({ url }) => {
    const stream = await Events.openWith(url, id, { cookie });
    expect(stream.response.status).toBe(200);
    await vi.waitFor(() => expect(stream.received).not.toHaveLength(0));
    const tag = (await fetch(`${url}/downloads/${id}`, { headers: { cookie } })).headers.get(
      'etag',
    )!;
    const headers = { cookie, prefer: 'wait=30', 'if-none-match': tag };
    const poll = fetch(`${url}/downloads/${id}`, { headers }).then(outcomeOf);
    return { stream, poll };
  });
  return Promise.all(open);
}

type Watch = Awaited<ReturnType<typeof watchAt>>[number];

/** Milliseconds until a stream and a long poll have ended, which they must. */
async function endOf({ stream, poll }: Watch): Promise<number> {
  const begun = performance.now();
  await Promise.all([stream.ended, expect(poll).resolves.toEqual(LOGGED_OUT)]);
  return performance.now() - begun;
}

/** Sessions that these services have counted as ended by time. */
async function counted(services: readonly Bff[]): Promise<number> {
  const scrapes = await Promise.all(services.map(({ url }) => Scrape.of(url)));
  return scrapes
    .map((scrape) => scrape.value('bff_sessions_ended_total', { reason: 'expired' }) ?? 0)
    .reduce((sum, count) => sum + count);
}

describeWithStores('a session that ends', (open) => {
  let store: SharedStore;
  let setting: SessionSetting;
  let first: Bff;
  let second: Bff;
  beforeAll(async () => {
    store = await open();
    setting = await SessionSetting.start({ variables: { STORE_URL: store.url } });
    const options = { pacing: { auth: { sessionSweepMs: 100 } } };
    first = await setting.startService({}, options);
    second = await setting.startService({}, options);
  });
  afterAll(async () => {
    await setting.close();
    await store.close();
  });

  it('by time is counted by one process, without being asked for', async () => {
    // The first one: sessions of other tests that end by time are counted later.
    const before = await counted([first, second]);
    const sessions = openSessionStore({ url: store.url });
    for (let number = 0; number < 3; number += 1) {
      await setting.loggedIn('bob');
      const { id, endsAt } = (await sessions.newestOf('bob'))!;
      await sessions.extend(id, number < 2 ? Date.now() + 200 : endsAt);
    }
    await sessions.close();
    await until(
      () => counted([first, second]),
      (count) => count - before >= 2,
    );
    expect((await counted([first, second])) - before).toBe(2);
  });

  it('by a log-out in another tab ends streams and long polls at once, within a second in other processes', async () => {
    const browser = await setting.loggedIn();
    const cookie = browser.cookieHeader();
    const id = await stuckDownload(browser);
    const [here, there] = await watchAt([first, second], id, cookie);
    const ends = Promise.all([endOf(here!), endOf(there!)]);
    const response = await browser.fetch('/auth/logout', { method: 'POST', headers: XHR });
    expect(response.status).toBe(200);
    const [endHere, endThere] = await ends;
    expect(endHere).toBeLessThan(A_SECOND / 2);
    expect(endThere).toBeLessThan(A_SECOND);
    for (const { url } of [first, second]) {
      const again = await fetch(`${url}/downloads/${id}`, { headers: { cookie } });
      expect(await outcomeOf(again)).toEqual(LOGGED_OUT);
    }
  });

  it('by a log-out is not found again by requests that come with it', async () => {
    const browser = await setting.loggedIn();
    const headers = { cookie: browser.cookieHeader() };
    const read = () => fetch(`${first.url}/auth/session`, { headers });
    let hasEnded = false;
    const late: number[] = [];
    const readers = Array.from({ length: 8 }, async () => {
      for (let after = 0; after < 5; after += hasEnded ? 1 : 0) {
        const begunAfter = hasEnded;
        const { status } = await read();
        if (begunAfter) late.push(status);
      }
    });
    await browser.fetch('/auth/logout', { method: 'POST', headers: XHR });
    hasEnded = true;
    await Promise.all(readers);
    expect(new Set(late)).toEqual(new Set([401]));
  });

  it('by idleness ends streams and long polls', async () => {
    const browser = await setting.loggedIn();
    const id = await stuckDownload(browser);
    const watches = await watchAt([first, second], id, browser.cookieHeader());
    const ends = Promise.all(watches.map(endOf));
    // As if nothing had come for so long.
    const sessions = openSessionStore({ url: store.url });
    const { id: key } = (await sessions.newestOf('alice'))!;
    await sessions.extend(key, Date.now() + 200);
    await sessions.close();
    for (const end of await ends) expect(end).toBeLessThan(200 + A_SECOND);
    expect(await outcomeOf(await browser.fetch('/auth/session'))).toEqual(LOGGED_OUT);
  });

  it('by its age ends streams and long polls, however much it is used', async () => {
    const browser = await setting.loggedIn();
    const id = await stuckDownload(browser);
    const sessions = openSessionStore({ url: store.url });
    const record = (await sessions.newestOf('alice'))!;
    // As if SESSION_MAX had begun that long ago.
    await sessions.remove({ id: record.id });
    const endsAt = Date.now() + 2500;
    await sessions.add({ ...record, endsAt, idleEndsAt: endsAt });
    await sessions.close();
    const watches = await watchAt([first, second], id, browser.cookieHeader());
    expect(Date.now()).toBeLessThan(endsAt);
    const use = (async () => {
      while (await isAlive(browser));
      return Date.now();
    })();
    await Promise.all(watches.map(endOf));
    const ends = [Date.now(), await use];
    for (const end of ends) expect(end).toBeGreaterThanOrEqual(endsAt);
    for (const end of ends) expect(end).toBeLessThan(endsAt + A_SECOND);
  });

  it('at the provider ends everywhere, by its back-channel logout', async () => {
    const browser = await setting.loggedIn();
    const cookie = browser.cookieHeader();
    const other = await setting.loggedIn();
    const id = await stuckDownload(browser);
    const watches = await watchAt([first, second], id, cookie);
    const ends = Promise.all(watches.map(endOf));
    const issuer = setting.provider.issuer;
    const page = await (await browser.fetch(new URL('/session/end', issuer))).text();
    const xsrf = /name="xsrf" value="(\w+)"/.exec(page)![1]!;
    await browser.fetch(new URL('/session/end/confirm', issuer), {
      method: 'POST',
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    });
    for (const end of await ends) expect(end).toBeLessThan(A_SECOND);
    expect((await other.fetch('/auth/session')).status).toBe(200);
  });

  it('at log-out tells where to log out at the provider, with no token in the address', async () => {
    const browser = await setting.loggedIn();
    const response = await browser.fetch('/auth/logout', { method: 'POST', headers: XHR });
    const { logoutUrl } = (await response.json()) as { logoutUrl: string };
    const { origin, pathname, searchParams } = new URL(logoutUrl);
    expect(origin + pathname).toBe(`${setting.provider.issuer}/session/end`);
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: CLIENT_ID,
      post_logout_redirect_uri: `${setting.url}/`,
    });
  });

  it('brings the browser from the provider to a page that is there', async () => {
    const browser = await setting.loggedIn();
    const response = await browser.fetch('/auth/logout', { method: 'POST', headers: XHR });
    const { logoutUrl } = (await response.json()) as { logoutUrl: string };
    const confirmation = await (await browser.fetch(logoutUrl)).text();
    const xsrf = /name="xsrf" value="(\w+)"/.exec(confirmation)![1]!;
    const { issuer } = setting.provider;
    let page = await browser.fetch(new URL('/session/end/confirm', issuer), {
      method: 'POST',
      body: new URLSearchParams({ xsrf, logout: 'yes' }),
    });
    for (let hop = 0; hop < 4 && page.status === 303; hop += 1) {
      page = await browser.fetch(new URL(page.headers.get('location')!, page.url));
    }
    expect([page.status, page.url]).toEqual([200, `${setting.url}/docs`]);
  });
});

describe('the address of the service', () => {
  it.each([
    ['/docs', { PUBLIC_URL: undefined }, '/docs'],
    ['/docs behind a proxy', { PUBLIC_URL: 'https://apps.example.com/zips' }, '/zips/docs'],
    ['/docs below the API', { API_PREFIX: 'api/v1' }, '/api/v1/docs'],
    ['nowhere with DOCS=off', { DOCS: 'off' }, null],
  ])(
    'leads to %s',
    async (_, { PUBLIC_URL, ...variables }: Record<string, string | undefined>, expected) => {
      const setting = await SessionSetting.start({
        variables: { ...(PUBLIC_URL && { PUBLIC_URL }), ...(variables as Record<string, string>) },
      });
      onTestFinished(() => setting.close());
      const { url } = await setting.startService();
      const response = await fetch(url, { redirect: 'manual' });
      expect(response.headers.get('location')).toBe(expected);
      expect(response.status).toBe(expected === null ? 404 : 303);
    },
  );
});

describe('POST /auth/backchannel-logout', () => {
  const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  let provider: ForgingProvider;
  let setting: SessionSetting;
  let bff: Bff;
  beforeAll(async () => {
    provider = await ForgingProvider.start(CLIENT_ID);
    setting = await SessionSetting.start({ variables: { OIDC_ISSUER: provider.issuer } });
    bff = await setting.startService();
  });
  afterAll(async () => {
    await setting.close();
    await provider.close();
  });

  async function logIn(sub: string, sid?: string): Promise<LoginClient> {
    const browser = new LoginClient(bff.url);
    const location = (await browser.fetch('/auth/login')).headers.get('location')!;
    const { searchParams: asked } = new URL(location);
    provider.nonce = asked.get('nonce')!;
    provider.forgery = { claims: { sub, ...(sid !== undefined && { sid }) } };
    const query = { code: 'a-code', state: asked.get('state')!, iss: provider.issuer };
    await browser.fetch(`/auth/callback?${new URLSearchParams(query).toString()}`);
    return browser;
  }

  function logoutClaims(more: JWTPayload): JWTPayload {
    const { iss, aud, iat, exp } = provider.claims;
    return { iss, aud, iat, exp, jti: crypto.randomUUID(), events: EVENTS, ...more };
  }

  const send = (body: string | URLSearchParams, headers: Record<string, string> = {}) =>
    fetch(`${bff.url}/auth/backchannel-logout`, { method: 'POST', body, headers });

  const sendToken = (token: string) => send(new URLSearchParams({ logout_token: token }));

  it('ends the sessions of one session at the provider, by sid', async () => {
    const [ended, other] = [await logIn('alice', 'sid-1'), await logIn('alice', 'sid-2')];
    const response = await sendToken(
      await signed(logoutClaims({ sid: 'sid-1' }), provider.privateKey),
    );
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect([await isAlive(ended), await isAlive(other)]).toEqual([false, true]);
  });

  it('ends all sessions of a person, by sub', async () => {
    const ofAlice = [await logIn('alice', 'sid-3'), await logIn('alice')];
    const ofBob = await logIn('bob', 'sid-4');
    const header = { alg: 'RS256', kid: 'key-1', typ: 'logout+jwt' };
    const token = await signed(logoutClaims({ sub: 'alice' }), provider.privateKey, header);
    expect((await sendToken(token)).status).toBe(200);
    expect(await Promise.all([...ofAlice, ofBob].map(isAlive))).toEqual([false, false, true]);
  });

  it.each([
    ['sid', { sid: 'sid-6' }],
    ['sub', { sub: 'carol' }],
  ])('ends no session of a log-in after it when it is sent again: by %s', async (_, claims) => {
    const token = await signed(
      logoutClaims({ ...claims, iat: provider.claims.iat! - 30 }),
      provider.privateKey,
    );
    const browser = await logIn('carol', 'sid-6');
    expect((await sendToken(token)).status).toBe(200);
    expect(await isAlive(browser)).toBe(true);
    const next = await signed(logoutClaims(claims), provider.privateKey);
    expect((await sendToken(next)).status).toBe(200);
    expect(await isAlive(browser)).toBe(false);
  });

  it('ends the session of a token in the shape of Keycloak’s', async () => {
    const [ended, other] = [await logIn('alice', 'kc-sid-1'), await logIn('alice', 'kc-sid-2')];
    // As Keycloak 26.7.3 sends it.
    const claims = logoutClaims({ sub: 'alice', sid: 'kc-sid-1', typ: 'Logout' });
    const header = { alg: 'RS256', kid: 'key-1', typ: 'logout+jwt' };
    const token = await signed(claims, provider.privateKey, header);
    expect((await sendToken(token)).status).toBe(200);
    expect([await isAlive(ended), await isAlive(other)]).toEqual([false, true]);
  });

  it('ends nothing of another person with the same sid', async () => {
    const ofBob = await logIn('bob', 'sid-5');
    const claims = logoutClaims({ sub: 'alice', sid: 'sid-5' });
    expect((await sendToken(await signed(claims, provider.privateKey))).status).toBe(200);
    expect(await isAlive(ofBob)).toBe(true);
  });

  it.each<[string, JWTPayload]>([
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: 'another-client' }],
    ['no event', { events: undefined }],
    ['another event', { events: { 'https://evil.example/event': {} } }],
    [
      'an event that is no object',
      { events: 'http://schemas.openid.net/event/backchannel-logout' },
    ],
    ['a nonce, as ID tokens have', { nonce: 'n' }],
    ['neither a subject nor a session', { sub: undefined }],
    ['no time of issue', { iat: undefined }],
    ['an old time of issue', { iat: Math.floor(Date.now() / 1000) - 600 }],
    ['an end that has passed', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['no id', { jti: undefined }],
  ])('ends nothing for a token with %s', async (_, claims) => {
    const browser = await logIn('alice');
    const all = logoutClaims({ sub: 'alice', ...claims });
    const response = await sendToken(await signed(all, provider.privateKey));
    expect(await outcomeOf(response)).toEqual([400, 'VALIDATION_FAILED']);
    expect(await isAlive(browser)).toBe(true);
  });

  it('ends nothing for a token that the provider has not signed, or for an ID token', async () => {
    const browser = await logIn('alice');
    const claims = logoutClaims({ sub: 'alice' });
    const { privateKey } = await generateKeyPair('RS256');
    const valid = await signed(claims, provider.privateKey);
    for (const token of [
      unsigned(claims),
      await signed(claims, Buffer.from(CLIENT_SECRET), { alg: 'HS256' }),
      await signed(claims, Buffer.from(CLIENT_SECRET), { alg: 'HS256', kid: 'key-1' }),
      await signed(claims, privateKey),
      await signed(provider.claims, provider.privateKey),
      `${valid.slice(0, -4)}AAAA`,
      valid.split('.').slice(0, 2).join('.'),
      'x',
      '',
    ]) {
      expect(await outcomeOf(await sendToken(token))).toEqual([400, 'VALIDATION_FAILED']);
    }
    for (const [text, type] of [
      [JSON.stringify({ logout_token: valid }), 'application/json'],
      [`logout_token=${valid}`, 'text/plain'],
    ] as const) {
      const response = await send(text, { 'content-type': type });
      expect([400, 415]).toContain(response.status);
    }
    expect(await isAlive(browser)).toBe(true);
    expect((await sendToken(valid)).status).toBe(200);
    expect(await isAlive(browser)).toBe(false);
  });
});
