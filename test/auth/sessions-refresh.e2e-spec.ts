import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { openSessionStore } from '#service/auth/stores.js';
import type { Bff } from '../harness/bff.js';
import { LoginClient } from '../harness/login-client.js';
import { Scrape } from '../harness/scrape.js';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  SESSION_SECRET,
  SessionSetting,
  XHR,
  outcomeOf,
} from '../harness/session-setting.js';
import { type SharedStore, describeWithStores, tokensOf } from '../harness/session-stores.js';

const PACING = { pacing: { auth: { providerPauseMs: 50 } } };
const OTHER_SECRET = 'another-secret-for-sessions-of-more-than-32-characters';
/** Seconds that access tokens last, and milliseconds until they have certainly ended. */
const LIFETIME = 2;
const ENDED_MS = LIFETIME * 1000 + 50;

/** `GET /auth/session` of a service with the cookies of a browser that has logged in at another one. */
async function sessionAt(bff: Bff, browser: LoginClient) {
  const headers = { cookie: browser.cookieHeader() };
  return outcomeOf(await fetch(`${bff.url}/auth/session`, { headers }));
}

const OK = [200, undefined];
const LOGGED_OUT = [401, 'UNAUTHENTICATED'];
const AWAY = [503, 'IDENTITY_PROVIDER_UNAVAILABLE'];

describeWithStores('sessions of several processes', (open) => {
  let store: SharedStore;
  let setting: SessionSetting;
  let first: Bff;
  let second: Bff;
  beforeAll(async () => {
    store = await open();
    setting = await SessionSetting.start({
      accessTokenSeconds: LIFETIME,
      variables: { STORE_URL: store.url },
    });
    first = await setting.startService({}, PACING);
    second = await setting.startService({}, PACING);
  });
  afterAll(async () => {
    await setting.close();
    await store.close();
  });
  beforeEach(() => {
    setting.provider.grants.length = 0;
    setting.provider.refusedGrants.length = 0;
  });

  /** What the provider says to someone who has a refresh token and poses as the service. */
  async function useRefreshToken(refreshToken: string): Promise<number> {
    const { status } = await fetch(`${setting.provider.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    });
    return status;
  }

  const refreshes = () => setting.provider.grants.filter((type) => type === 'refresh_token');

  it('are the same in all of them, also their ends', async () => {
    const browser = await setting.loggedIn();
    expect(await sessionAt(second, browser)).toEqual(OK);
    const headers = { cookie: browser.cookieHeader(), ...XHR };
    await fetch(`${second.url}/auth/logout`, { method: 'POST', headers });
    expect(await sessionAt(second, browser)).toEqual(LOGGED_OUT);
    await vi.waitFor(async () => {
      expect(await sessionAt(first, browser)).toEqual(LOGGED_OUT);
    });
  });

  it('are refreshed by one call of the provider for all requests of all processes', async () => {
    const browser = await setting.loggedIn();
    await sleep(ENDED_MS);
    const requests = Array.from({ length: 20 }, (_, index) =>
      sessionAt(index % 2 ? first : second, browser),
    );
    expect(await Promise.all(requests)).toEqual(Array.from({ length: 20 }, () => OK));
    expect(refreshes()).toHaveLength(1);
    expect(setting.provider.refusedGrants).toEqual([]);
  });

  it('end when their refresh token was used by someone else', async () => {
    const browser = await setting.loggedIn();
    expect(await useRefreshToken((await tokensOf('alice', store.url)).refreshToken)).toBe(200);
    await sleep(ENDED_MS);
    expect(await sessionAt(first, browser)).toEqual(LOGGED_OUT);
    expect(await sessionAt(second, browser)).toEqual(LOGGED_OUT);
    expect(setting.provider.refusedGrants).toEqual(['refresh_token']);
    const scrape = await Scrape.of(first.url);
    expect(scrape.value('bff_sessions_ended_total', { reason: 'refused' })).toBe(1);
    expect(scrape.value('bff_session_refreshes_total', { outcome: 'refused' })).toBe(1);
  });

  it('end when a refresh token that was stolen is used after its time', async () => {
    const browser = await setting.loggedIn();
    const stolen = (await tokensOf('alice', store.url)).refreshToken;
    await sleep(ENDED_MS);
    expect(await sessionAt(first, browser)).toEqual(OK);
    expect(await useRefreshToken(stolen)).toBe(400);
    await sleep(ENDED_MS);
    expect(await sessionAt(second, browser)).toEqual(LOGGED_OUT);
  });

  it('go on without the provider while their access token is valid, and wait for it after that', async () => {
    // Long enough for what happens in its last quarter.
    const other = await SessionSetting.start({
      accessTokenSeconds: 2 * LIFETIME,
      variables: { STORE_URL: store.url },
    });
    onTestFinished(() => other.close());
    const services = [await other.startService({}, PACING), await other.startService({}, PACING)];
    const browser = await other.loggedIn();
    const outcomes = () => Promise.all(services.map((service) => sessionAt(service, browser)));
    const { refreshAt, accessEndsAt } = await tokensOf('alice', store.url);
    await other.provider.pause();
    expect(await outcomes()).toEqual([OK, OK]);
    // It is time for other tokens, which there are not.
    await sleep(refreshAt - Date.now());
    expect(await outcomes()).toEqual([OK, OK]);
    await sleep(accessEndsAt - Date.now() + 50);
    const headers = { cookie: browser.cookieHeader() };
    const response = await fetch(`${services[0]!.url}/auth/session`, { headers });
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await outcomeOf(response)).toEqual(AWAY);
    expect(await outcomes()).toEqual([AWAY, AWAY]);
    await other.provider.resume();
    await vi.waitFor(async () => {
      expect(await outcomes()).toEqual([OK, OK]);
    });
    expect(other.provider.grants.filter((type) => type === 'refresh_token')).toHaveLength(1);
    const scrape = await Scrape.of(services[0]!.url);
    const failed = scrape.value('bff_session_refreshes_total', { outcome: 'unavailable' });
    expect(failed).toBeGreaterThan(0);
  });

  it('do not exist for a process with another SESSION_SECRET, and live on in their own', async () => {
    const browser = await setting.loggedIn();
    const other = await setting.startService({ SESSION_SECRET: OTHER_SECRET });
    expect(await sessionAt(other, browser)).toEqual(LOGGED_OUT);
    expect(await sessionAt(first, browser)).toEqual(OK);
    // The log-in that began here is unknown there, too.
    const begun = new LoginClient(setting.url);
    const callback = await begun.submit(await begun.begin(), 'alice', 'wonderland-of-alice');
    const response = await fetch(other.url + callback.pathname + callback.search, {
      headers: { cookie: begun.cookieHeader() },
      redirect: 'manual',
    });
    expect(await outcomeOf(response)).toEqual([400, 'LOGIN_FAILED']);
  });

  it('outlive a rotation of SESSION_SECRET', async () => {
    const browser = await setting.loggedIn();
    const both = await setting.startService({
      SESSION_SECRET: `${OTHER_SECRET},${SESSION_SECRET}`,
    });
    const newest = await setting.startService({ SESSION_SECRET: OTHER_SECRET });
    expect(await sessionAt(newest, browser)).toEqual(LOGGED_OUT);
    expect(await sessionAt(both, browser)).toEqual(OK);
    await sleep(ENDED_MS);
    // From its next refresh on, a session needs the former secret no more.
    expect(await sessionAt(both, browser)).toEqual(OK);
    expect(await sessionAt(newest, browser)).toEqual(OK);
    expect(await sessionAt(first, browser)).toEqual(LOGGED_OUT);
  });

  it('are worth nothing to a thief of the store', async () => {
    const browser = await setting.loggedIn();
    const id = browser.cookies().get('alfresco-downloads')!;
    const refreshToken = (await tokensOf('alice', store.url)).refreshToken;
    const stolen = await store.stolen();
    const sessions = openSessionStore({ url: store.url });
    const record = (await sessions.newestOf('alice'))!;
    await sessions.close();
    // It was found, and so would be what follows.
    expect(stolen).toContain(record.id);
    expect(stolen).toContain(record.sealed.slice(0, 40));
    for (const secret of [id, refreshToken, SESSION_SECRET, CLIENT_SECRET, 'eyJ']) {
      expect(stolen).not.toContain(secret);
    }
    expect(stolen).not.toContain(Buffer.from(id, 'base64url').toString('latin1'));
    for (const thing of [record.id, record.sealed, record.sealed.slice(0, 43)]) {
      const headers = { cookie: `alfresco-downloads=${thing}` };
      const response = await fetch(`${first.url}/auth/session`, { headers });
      expect(await outcomeOf(response)).toEqual(LOGGED_OUT);
    }
    // Nor can what is sealed be moved to a session of one's own.
    const mine = await setting.loggedIn('bob');
    const thief = openSessionStore({ url: store.url });
    const own = (await thief.newestOf('bob'))!;
    expect(await thief.replace(own.id, own.revision, record.sealed)).toBe(true);
    await thief.close();
    await vi.waitFor(async () => {
      expect(await sessionAt(first, mine)).toEqual(LOGGED_OUT);
    });
  });
});
