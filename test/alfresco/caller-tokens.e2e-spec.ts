import { AUDIENCE } from '../../demo/identity-provider.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { accessToken, claimsOf } from '../harness/access-token.js';
import { DownloadsApi } from '../harness/api.js';
import type { Bff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { until } from '../harness/polling.js';
import { Scrape } from '../harness/scrape.js';
import { CLIENT_ID, SessionSetting, XHR, outcomeOf } from '../harness/session-setting.js';
import { readZip } from '../harness/zip.js';

type Name = 'alice' | 'bob';
type Way = 'bearer' | 'session';

const { forbiddenFile, forbiddenInsideFolder, mediumFile, reportPdf } = SAMPLE_NODES;
/** Whom the exchanged tokens are for. */
const ALFRESCO = 'alfresco-content-services';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** A provider, the stand-in for Alfresco that trusts it, and what a service needs for this mode. */
async function settingOf(
  mode: 'token' | 'token-exchange',
  accessTokenSeconds = 300,
): Promise<SessionSetting> {
  const setting = await SessionSetting.start({
    accessTokenSeconds,
    sandbox: { estimateDelayMs: 1 },
    client: { grant_types: ['authorization_code', 'refresh_token', EXCHANGE] },
  });
  Object.assign(setting.variables, {
    AUTH: 'bearer,session',
    OIDC_AUDIENCE: AUDIENCE,
    ALFRESCO_ON_BEHALF_OF: mode,
    ...(mode === 'token-exchange' && {
      ALFRESCO_OAUTH2_TOKEN_URL: `${setting.provider.issuer}/token`,
      ALFRESCO_OAUTH2_CLIENT_ID: CLIENT_ID,
      ALFRESCO_OAUTH2_CLIENT_SECRET: setting.variables.OIDC_CLIENT_SECRET,
      ALFRESCO_OAUTH2_AUDIENCE: ALFRESCO,
    }),
  });
  return setting;
}

/** The service as someone calls it who has just logged in. */
async function apiOf(setting: SessionSetting, way: Way, name: Name, url = setting.url) {
  if (way === 'bearer') {
    const token = await accessToken(setting, name);
    return new DownloadsApi(url, { authorization: `Bearer ${token}` });
  }
  const client = await setting.loggedIn(name);
  return new DownloadsApi(url, { cookie: client.cookieHeader(), ...XHR });
}

/** Names of the files in the ZIP of this node. */
async function zipOf(api: DownloadsApi, nodeId: string): Promise<string[]> {
  const entries = await readZip(await api.content(await api.createFinished([nodeId])));
  return entries.map(({ name }) => name.replace(/^.*\/(?=.)/, '')).toSorted();
}

/** Tokens in the requests to Alfresco, each once; fails when one has other credentials, or none and is not for everyone. */
function tokensAtAlfresco({ sandbox: { requests } }: SessionSetting): string[] {
  const tokens = requests
    .filter(({ url }) => !url.endsWith('/probes/-ready-'))
    .map(({ headers, url }) => {
      expect(url).not.toMatch(/tickets|alf_ticket/);
      const credentials = String(headers.authorization);
      expect(credentials).toMatch(/^Bearer [\w.-]+$/);
      return credentials.slice('Bearer '.length);
    });
  return [...new Set(tokens)];
}

describe.each(['token', 'token-exchange'] as const)('ALFRESCO_ON_BEHALF_OF=%s', (mode) => {
  let setting: SessionSetting;
  let bff: Bff;
  beforeAll(async () => {
    setting = await settingOf(mode);
    bff = await setting.startService();
  });
  afterAll(() => setting.close());
  beforeEach(() => setting.sandbox.clearRequests());

  describe.each(['bearer', 'session'] as const)('to callers with AUTH=%s', (way) => {
    it('gives everyone a ZIP of what they may read themselves', async () => {
      const [alice, bob] = [await apiOf(setting, way, 'alice'), await apiOf(setting, way, 'bob')];
      const [ofAlice, ofBob] = await Promise.all([
        zipOf(alice, forbiddenInsideFolder),
        zipOf(bob, forbiddenInsideFolder),
      ]);
      const folder = ofBob.filter((name) => name.endsWith('/'));
      expect(ofAlice).toEqual([...folder, 'for-everyone.txt'].toSorted());
      expect(ofBob).toEqual([...folder, 'for-bob.txt', 'for-everyone.txt'].toSorted());
      expect(await zipOf(bob, forbiddenFile)).toEqual(['bob-private.txt']);
      expect(await outcomeOf(await alice.create([forbiddenFile]))).toEqual([403, 'NODE_FORBIDDEN']);
    });

    it('shows Alfresco a token of the caller with each request, and never an account', async () => {
      for (const name of ['alice', 'bob'] as const) {
        setting.sandbox.clearRequests();
        const api = await apiOf(setting, way, name);
        await zipOf(api, forbiddenInsideFolder);
        const tokens = tokensAtAlfresco(setting);
        expect(tokens.length).toBeGreaterThan(0);
        for (const token of tokens) {
          const aud = mode === 'token' ? AUDIENCE : ALFRESCO;
          expect(claimsOf(token)).toMatchObject({ sub: name, aud });
        }
        const own = api.headers.authorization?.slice('Bearer '.length);
        expect(tokens.includes(own!)).toBe(mode === 'token' && way === 'bearer');
        const users = setting.sandbox.requests.map(({ user }) => user);
        expect(new Set(users)).toEqual(new Set([name]));
      }
    });
  });

  it('shows downloads to their owner only', async () => {
    const alice = await apiOf(setting, 'bearer', 'alice');
    const bob = await apiOf(setting, 'session', 'bob');
    const id = await alice.startStuck();
    const watched = await fetch(`${bff.url}/downloads/${id}/events`, { headers: alice.headers });
    expect(watched.status).toBe(200);
    setting.sandbox.clearRequests();
    for (const path of [`/downloads/${id}`, `/downloads/${id}/events`, `/nodes/${id}/content`]) {
      expect(await outcomeOf(await bob.request('GET', path))).toEqual([403, 'FORBIDDEN']);
    }
    expect(setting.sandbox.requests.filter(({ user }) => user === 'bob')).toEqual([]);
    await watched.body!.cancel();
  });

  it('has one caller of a token and a session of the same person', async () => {
    const script = await apiOf(setting, 'bearer', 'alice');
    const page = await apiOf(setting, 'session', 'alice');
    const id = await page.createFinished([forbiddenInsideFolder]);
    expect((await script.content(id)).length).toBeGreaterThan(0);
  });
});

/** Follows a link without credentials. */
const follow = async (link: string) => outcomeWithoutBody(await fetch(link));

async function outcomeWithoutBody(response: Response): Promise<[number, string | undefined]> {
  if (!response.ok) return outcomeOf(response);
  await response.body?.cancel();
  return [response.status, undefined];
}

async function linkTo(api: DownloadsApi, id: string): Promise<string> {
  const response = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
  return ((await response.json()) as { entry: { contentUrl: string } }).entry.contentUrl;
}

const deliver = (api: DownloadsApi) =>
  api.request('POST', '/downloads/content', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nodeIds: [reportPdf] }),
  });

/** Resolves once a token has ended. */
async function endOf({ headers }: DownloadsApi): Promise<void> {
  const { exp } = claimsOf(headers.authorization!);
  await until(Date.now, (now) => now > (exp as number) * 1000 + 10);
}

describe('what a caller has made with a token that ends', () => {
  const SECONDS = 4;
  let setting: SessionSetting;
  let bff: Bff;
  let log = '';
  beforeAll(async () => {
    setting = await settingOf('token', SECONDS);
    bff = await setting.startService(
      // In the middle of the second token: the first has ended two seconds before, the second ends two seconds later.
      { ALFRESCO_IDLE_TIMEOUT_MS: '6000' },
      {
        onLine: (line) => (log += line),
        pacing: { events: { heartbeatMs: 30 }, polling: { slowestMs: 250 } },
      },
    );
  });
  afterEach(() => {
    setting.sandbox.clearFaults();
    setting.sandbox.bytesPerSecond = undefined;
  });
  afterAll(async () => {
    await setting.close();
    expect(log).not.toContain('ALFRESCO_CREDENTIALS_REJECTED');
  });

  it('is behind its links until then, and again once they come with another one', async () => {
    const api = await apiOf(setting, 'bearer', 'alice');
    const id = await api.createFinished([forbiddenInsideFolder]);
    const link = await linkTo(api, id);
    expect(await follow(link)).toEqual([200, undefined]);
    await endOf(api);
    expect(await follow(link)).toEqual([403, 'CALLER_LOGGED_OUT']);
    const later = await apiOf(setting, 'bearer', 'alice');
    await later.status(id);
    expect(await follow(link)).toEqual([200, undefined]);
    await endOf(later);
  });

  it('is behind links as long as any of their sessions goes on', async () => {
    const [one, other] = [await setting.loggedIn('bob'), await setting.loggedIn('bob')];
    const api = new DownloadsApi(bff.url, { cookie: one.cookieHeader(), ...XHR });
    const id = await api.createFinished([forbiddenFile]);
    const link = await linkTo(api, id);
    await one.fetch('/auth/logout', { method: 'POST', headers: XHR });
    expect(await follow(link)).toEqual([200, undefined]);
    await other.fetch('/auth/logout', { method: 'POST', headers: XHR });
    expect(await follow(link)).toEqual([403, 'CALLER_LOGGED_OUT']);
  });

  it('is watched no longer with that token, and on with a newer one', async () => {
    setting.sandbox.bytesPerSecond = 0;
    const early = await apiOf(setting, 'bearer', 'alice');
    const id = await early.start([reportPdf]);
    // The last change for now: any other would end the long poll.
    await early.waitFor(id, ({ totalFiles }) => totalFiles > 0);
    const first = await Events.openWith(bff.url, id, early.headers);
    const poll = early.request('GET', `/downloads/${id}`, { headers: { prefer: 'wait=50' } });
    await until(
      Date.now,
      (now) => now > (claimsOf(early.headers.authorization!).iat as number) * 1000 + 2500,
    );
    const late = await apiOf(setting, 'bearer', 'alice');
    const second = await Events.openWith(bff.url, id, late.headers);
    await first.ended;
    expect(Date.now()).toBeLessThan((claimsOf(late.headers.authorization!).exp as number) * 1000);
    const refused = await poll;
    expect(refused.headers.get('www-authenticate')).toMatch(/Bearer .*error="invalid_token"/);
    expect(await outcomeOf(refused)).toEqual([401, 'UNAUTHENTICATED']);
    setting.sandbox.clearRequests();
    setting.sandbox.bytesPerSecond = undefined;
    await second.ended;
    expect(second.last).toMatchObject({ name: 'done' });
    expect(tokensAtAlfresco(setting)).toEqual([late.headers.authorization!.slice(7)]);
  });

  it('is sent to its end with the newest token when the connection breaks after that', async () => {
    const early = await apiOf(setting, 'bearer', 'alice');
    const id = await early.createFinished([mediumFile]);
    const stall = { kind: 'stall-mid-body', afterBytes: 12_345_678 } as const;
    setting.sandbox.fail(stall, { path: /\/content/ });
    const content = early.content(id);
    await endOf(early);
    const late = await apiOf(setting, 'bearer', 'alice');
    await late.status(id);
    setting.sandbox.clearRequests();
    expect(await readZip(await content)).toHaveLength(1);
    const [rest] = setting.sandbox.requests;
    expect(rest).toMatchObject({ status: 206, user: 'alice' });
    expect(rest!.headers).toMatchObject({ authorization: late.headers.authorization });
  });

  it('is made and delivered by one request with the newest token, and not without', async () => {
    setting.sandbox.bytesPerSecond = 0;
    const early = await apiOf(setting, 'bearer', 'alice');
    const delivered = deliver(early);
    await until(
      () => setting.sandbox.downloadIds().length,
      (count) => count > 0,
    );
    await endOf(early);
    expect(await outcomeOf(await delivered)).toEqual([401, 'UNAUTHENTICATED']);
    const next = await apiOf(setting, 'bearer', 'alice');
    const again = deliver(next);
    const { iat } = claimsOf(next.headers.authorization!);
    await until(Date.now, (now) => now > (iat as number) * 1000 + 2500);
    const late = await apiOf(setting, 'bearer', 'alice');
    await late.request('GET', '/downloads');
    await endOf(next);
    setting.sandbox.bytesPerSecond = undefined;
    const response = await again;
    expect(response.status).toBe(200);
    expect(await readZip(Buffer.from(await response.arrayBuffer()))).toHaveLength(1);
  });
});

describe('a token that Alfresco refuses', () => {
  let setting: SessionSetting;
  let bff: Bff;
  let log = '';
  beforeAll(async () => {
    setting = await settingOf('token');
    bff = await setting.startService({}, { onLine: (line) => (log += line) });
  });
  afterAll(() => setting.close());

  it.each([
    ['bearer', /\bBearer realm="[^"]+", error="invalid_token"/],
    ['session', /\bCookie realm="[^"]+"/],
  ] as const)('is the 401 of a caller with AUTH=%s', async (way, challenge) => {
    const api = await apiOf(setting, way, 'alice');
    const id = await api.startStuck();
    const events = await Events.openWith(bff.url, id, api.headers);
    setting.sandbox.clearRequests();
    setting.sandbox.fail(
      { kind: 'status', status: 401 },
      { path: /\/(downloads|nodes)/, times: Infinity },
    );
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const response = await api.create([forbiddenFile]);
      expect(response.headers.get('www-authenticate')).toMatch(challenge);
      expect(await outcomeOf(response)).toEqual([401, 'UNAUTHENTICATED']);
    }
    await events.ended;
    expect(events.last).toMatchObject({ name: 'gone', data: { code: 'UNAUTHENTICATED' } });
    setting.sandbox.clearFaults();
    expect(await (await fetch(`${bff.url}/health/ready`)).json()).toMatchObject({ status: 'ok' });
    const scrape = await Scrape.of(bff.url);
    expect(scrape.series('bff_breaker_state').every(({ value }) => value === 0)).toBe(true);
    expect(scrape.series('bff_upstream_retries_total').every(({ value }) => value === 0)).toBe(
      true,
    );
    expect(log).not.toContain('ALFRESCO_CREDENTIALS_REJECTED');
    expect((await api.create([forbiddenInsideFolder])).status).toBe(202);
  });
});

describe('an exchange at the provider', () => {
  let setting: SessionSetting;
  beforeAll(async () => {
    setting = await settingOf('token-exchange');
  });
  afterEach(() => setting.sandbox.clearFaults());
  afterAll(() => setting.close());

  const exchanges = () => setting.provider.grants.filter((grant) => grant === EXCHANGE).length;

  it('is made once for all requests that wait for it, and again when Alfresco refuses what it gave', async () => {
    const { url } = await setting.startService();
    const api = await apiOf(setting, 'bearer', 'alice', url);
    const before = exchanges();
    const responses = await Promise.all(
      Array.from({ length: 20 }, () => api.create([forbiddenInsideFolder])),
    );
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 202));
    expect(exchanges()).toBe(before + 1);
    setting.sandbox.fail({ kind: 'status', status: 401 }, { path: /downloads$/ });
    expect((await api.create([forbiddenInsideFolder])).status).toBe(202);
    expect(exchanges()).toBe(before + 2);
  });

  it('fails as the service does, when its secret is wrong or the provider is away', async () => {
    const wrong = { ALFRESCO_OAUTH2_CLIENT_SECRET: 'not the secret of the client' };
    const { url } = await setting.startService(wrong);
    const [api, other] = [
      await apiOf(setting, 'bearer', 'alice', url),
      await apiOf(setting, 'bearer', 'bob', url),
    ];
    setting.sandbox.clearRequests();
    for (const one of [api, other]) {
      const refused = await one.create([forbiddenInsideFolder]);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await outcomeOf(refused)).toEqual([502, 'ALFRESCO_CREDENTIALS_REJECTED']);
    }
    const { url: second } = await setting.startService();
    const third = new DownloadsApi(second, api.headers);
    // So that the keys of the provider are known.
    await third.request('GET', '/downloads');
    await setting.provider.pause();
    expect(await outcomeOf(await third.create([forbiddenInsideFolder]))).toEqual([
      502,
      'ALFRESCO_UNREACHABLE',
    ]);
    await setting.provider.resume();
    expect(setting.sandbox.requests).toEqual([]);
    expect((await third.create([forbiddenInsideFolder])).status).toBe(202);
  });
});

describe('a ticket for a token', () => {
  it('stands for its bearer at Alfresco as well', async () => {
    const setting = await settingOf('token');
    const PUBLIC = '/alfresco/api/-default-/public';
    const prefix = `${PUBLIC}/alfresco/versions/1`;
    const { url } = await setting.startService({ API_PREFIX: prefix.slice(1) });
    const { headers } = await apiOf(setting, 'bearer', 'bob', url);
    const path = `${PUBLIC}/authentication/versions/1/tickets/-me-`;
    const response = await fetch(url + path, { headers });
    const { entry } = (await response.json()) as { entry: { id: string } };
    const api = new DownloadsApi(url + prefix, {
      authorization: `Basic ${btoa(`ROLE_TICKET:${entry.id}`)}`,
    });
    expect(await zipOf(api, forbiddenFile)).toEqual(['bob-private.txt']);
    expect(tokensAtAlfresco(setting)).toEqual([headers.authorization!.slice('Bearer '.length)]);
    await setting.close();
  });
});
