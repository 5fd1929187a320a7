import { hash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AUDIENCE, IdentityProvider } from '../../demo/identity-provider.ts';
import { LoginClient } from '../../test/harness/login-client.ts';
import { READS_PER_SECOND, cpuPerRead } from '../cpu-time.ts';
import { FLOORS, type Peer, freePort, startPeer } from '../peer-process.ts';
import { AUTHORIZATION, MeasuredService } from '../service.ts';
import { type Row, Rows, type Table, ratioOf } from '../table.ts';
import { Upstream, downloadPath } from '../upstream-process.ts';
import { SHARED } from './status.ts';

/** Until V8 has compiled all that runs often. */
const WARM_UP_SECONDS = 15;
const SETTLING_MS = 500;

const USER = { name: 'bench', password: 'bench' };
const SECRET = 'a-secret-of-the-clients-at-the-provider';
const BASIC = 'password (Basic)';
const COOKIE = 'session (cookie)';
const BEARER = 'token (Bearer)';
/** Without any check of credentials. */
const PEERS = ['fastify-http-proxy', ...FLOORS];
/** As a host has that other applications and statistics use, too. */
const OTHER_COOKIES = Array.from({ length: 8 }, (_, i) => `_other_${i}=${'x'.repeat(115)}`).join(
  '; ',
);

/** A caller's credentials, and downloads that belong to them. */
interface Caller {
  /** How they have logged in. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ids: readonly string[];
}

/** A service whose callers have logged in in each way, and what it needs. */
export class LoggedIn {
  readonly upstream: Upstream;
  readonly service: MeasuredService;
  readonly all: readonly Caller[];
  private readonly provider: IdentityProvider;

  private constructor(
    upstream: Upstream,
    service: MeasuredService,
    all: readonly Caller[],
    provider: IdentityProvider,
  ) {
    this.upstream = upstream;
    this.service = service;
    this.all = all;
    this.provider = provider;
  }

  /** @param program starts the service, as for `MeasuredService` */
  static async start(program?: string[]): Promise<LoggedIn> {
    const upstream = await Upstream.start();
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const script = `http://127.0.0.1:${await freePort()}`;
    const client = { client_secret: SECRET, grant_types: ['authorization_code', 'refresh_token'] };
    const provider = await IdentityProvider.start({
      users: [USER],
      clients: [
        { ...client, client_id: 'service', redirect_uris: [`${url}/auth/callback`] },
        { ...client, client_id: 'script', redirect_uris: [`${script}/`] },
      ],
      // Longer than the whole run takes.
      accessTokenSeconds: 86_400,
    });
    const variables = {
      AUTH: 'basic,bearer,session',
      PORT: String(port),
      PUBLIC_URL: url,
      OIDC_ISSUER: provider.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_CLIENT_ID: 'service',
      OIDC_CLIENT_SECRET: SECRET,
      SESSION_SECRET: randomBytes(32).toString('base64url'),
    };
    const service = await MeasuredService.start(upstream.alfrescoUrl, variables, { program });
    const browser = new LoginClient(url);
    await browser.logIn(USER.name, USER.password);
    const cookie = browser.cookieHeader();
    const token = await tokenOf(provider.issuer, script);
    const credentials: [string, Record<string, string>][] = [
      [BASIC, { authorization: AUTHORIZATION }],
      [COOKIE, { cookie }],
      ['session, among 1 kB of other cookies', { cookie: `${OTHER_COOKIES}; ${cookie}` }],
      [BEARER, { authorization: `Bearer ${token}` }],
    ];
    const all: Caller[] = [];
    for (const [name, headers] of credentials) {
      const creating = { ...headers, 'x-requested-with': 'XMLHttpRequest' };
      all.push({ name, headers, ids: await service.createDownloads(SHARED, creating) });
    }
    return new LoggedIn(upstream, service, all, provider);
  }

  /** The number of calls of the provider's token endpoint so far. */
  get grants(): number {
    return this.provider.grants.length;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    await this.provider.close();
    this.upstream.stop();
  }
}

/** W9: what it costs to find out who is calling, by the way in which the caller has logged in. */
export async function callers(rounds: number): Promise<Table> {
  const loggedIn = await LoggedIn.start();
  const { upstream, service } = loggedIn;
  const peers: Peer[] = [];
  const rows = new Rows();
  const grantsBefore = loggedIn.grants;
  let grants = 0;
  try {
    for (const name of PEERS) peers.push(await startPeer(name, upstream.origin));
    const targets = [
      ...loggedIn.all.map(({ name, headers, ids }) => {
        const paths = ids.map((id) => `/downloads/${id}`);
        return { name, headers, paths, url: service.url, pid: service.child.pid! };
      }),
      ...peers.map(({ name, url, pid }) => {
        const [{ headers, ids }] = loggedIn.all as [Caller];
        return { name, headers, paths: ids.map(downloadPath), url, pid };
      }),
    ];
    for (let round = -1; round < rounds; round += 1) {
      for (const { name, headers, paths, url, pid } of targets) {
        await sleep(SETTLING_MS);
        const seconds = round < 0 ? WARM_UP_SECONDS : undefined;
        const cost = await cpuPerRead(pid, url, paths, headers, seconds);
        if (round >= 0) rows.add(name, cost);
      }
    }
    grants = loggedIn.grants - grantsBefore;
  } finally {
    for (const peer of peers) peer.stop();
    await loggedIn.stop();
  }
  const [basic, cookie, bearer] = [BASIC, COOKIE, BEARER].map((wanted) =>
    rows.all.find(({ name }) => name === wanted)!,
  ) as [Row, Row, Row];
  return {
    title: `W9: status reads of 8 downloads, ${READS_PER_SECOND} per second, by how the caller has logged in`,
    unit: 'us of CPU time per read',
    rows: rows.all,
    compared: BASIC,
    notes: [
      `A read by cookie takes ${ratioOf(cookie, basic).toFixed(2)} times the CPU time of one by Basic, ` +
        `one by token ${ratioOf(bearer, basic).toFixed(2)} times. Calls of the token endpoint meanwhile: ${grants}.`,
    ],
  };
}

/** An access token, as a script that has its own client at the provider gets it: by a code, with PKCE. */
async function tokenOf(issuer: string, script: string): Promise<string> {
  const browser = new LoginClient(script);
  const verifier = randomBytes(32).toString('base64url');
  const registered = { client_id: 'script', redirect_uri: `${script}/` };
  const query = new URLSearchParams({
    ...registered,
    response_type: 'code',
    scope: 'openid profile',
    code_challenge: hash('sha256', verifier, 'base64url'),
    code_challenge_method: 'S256',
  });
  const response = await browser.fetch(`${issuer}/auth?${query}`);
  const page = new URL(response.headers.get('location')!, issuer);
  const { searchParams } = await browser.submit(page, USER.name, USER.password);
  const granted = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`script:${SECRET}`)}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: searchParams.get('code')!,
      redirect_uri: registered.redirect_uri,
      code_verifier: verifier,
    }),
  });
  if (!granted.ok) throw new Error(`the provider responds ${granted.status}`);
  return ((await granted.json()) as { access_token: string }).access_token;
}
