import { hash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AUDIENCE, IdentityProvider } from '../../demo/identity-provider.ts';
import { LoginClient } from '../../test/harness/login-client.ts';
import { pace } from '../pace.ts';
import { freePort } from '../peer-process.ts';
import { AUTHORIZATION, MeasuredService, cpuSecondsOf } from '../service.ts';
import { Rows, type Table, median } from '../table.ts';
import { Upstream } from '../upstream-process.ts';

const SECONDS = 8;
/** Until V8 has compiled all that runs often. */
const WARM_UP_SECONDS = 15;
/** Low enough for each way, so that all do the same work in the same time. */
const PER_SECOND = 1000;
const SETTLING_MS = 500;

const USER = { name: 'bench', password: 'bench' };
const SECRET = 'a-secret-of-the-clients-at-the-provider';
const BASIC = 'password (Basic)';
const COOKIE = 'session (cookie)';
/** As a host has that other applications and statistics use, too. */
const OTHER_COOKIES = Array.from({ length: 8 }, (_, i) => `_other_${i}=${'x'.repeat(115)}`).join(
  '; ',
);

/** W9: what it costs to find out who is calling, by the way in which the caller has logged in. */
export async function callers(rounds: number): Promise<Table> {
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
  const service = await MeasuredService.start(upstream.alfrescoUrl, {
    AUTH: 'basic,bearer,session',
    PORT: String(port),
    PUBLIC_URL: url,
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_CLIENT_ID: 'service',
    OIDC_CLIENT_SECRET: SECRET,
    SESSION_SECRET: randomBytes(32).toString('base64url'),
  });
  const rows = new Rows();
  let calls = 0;
  try {
    const browser = new LoginClient(url);
    await browser.logIn(USER.name, USER.password);
    const ways: { readonly name: string; readonly headers: Record<string, string> }[] = [
      { name: BASIC, headers: { authorization: AUTHORIZATION } },
      { name: COOKIE, headers: { cookie: browser.cookieHeader() } },
      {
        name: 'session, among 1 kB of other cookies',
        headers: { cookie: `${OTHER_COOKIES}; ${browser.cookieHeader()}` },
      },
      {
        name: 'token (Bearer)',
        headers: { authorization: `Bearer ${await tokenOf(provider.issuer, script)}` },
      },
    ];
    const targets = [];
    for (const { name, headers } of ways) {
      const credentials = { ...headers, 'x-requested-with': 'XMLHttpRequest' };
      const ids = await service.createDownloads(8, credentials);
      targets.push({ name, headers, paths: ids.map((id) => `/downloads/${id}`) });
    }
    calls = provider.grants.length;
    for (let round = -1; round < rounds; round += 1) {
      for (const { name, headers, paths } of targets) {
        await sleep(SETTLING_MS);
        const seconds = round < 0 ? WARM_UP_SECONDS : SECONDS;
        const before = await cpuSecondsOf(service.child.pid!);
        await pace(url, paths, PER_SECOND, seconds, headers);
        const used = (await cpuSecondsOf(service.child.pid!)) - before;
        if (round >= 0) rows.add(name, (used / (PER_SECOND * seconds)) * 1e6);
      }
    }
    calls = provider.grants.length - calls;
  } finally {
    await service.stop();
    await provider.close();
    upstream.stop();
  }
  const valuesOf = (wanted: string) => rows.all.find(({ name }) => name === wanted)!.values;
  const basic = valuesOf(BASIC);
  const ratio = median(valuesOf(COOKIE).map((value, round) => value / (basic.at(round) ?? NaN)));
  return {
    title: `W9: status reads of 8 downloads, ${PER_SECOND} per second, by how the caller has logged in`,
    unit: 'microseconds of CPU time per read',
    rows: rows.all,
    notes: [
      `A read by cookie takes ${ratio.toFixed(2)} times the CPU time of one by Basic. ` +
        `Calls of the token endpoint meanwhile: ${calls}.`,
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
