import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import bcrypt from 'bcrypt';
import { onTestFinished } from 'vitest';
import { openRegistry } from '#service/downloads/registry/registry.factory.js';
import { MIGRATIONS } from '#service/store/sqlite-migrations.js';
import { AUDIENCE } from '../../demo/identity-provider.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import { environment } from '../harness/bff.js';
import { it } from '../harness/fixtures.js';
import { IdentityProvider } from '../harness/identity-provider.js';
import { leaksIn } from '../harness/leaks.js';
import { MutualTls, PROXY_USER } from '../harness/mutual-tls.js';
import { until } from '../harness/polling.js';
import { RedisServer, describeWithRedis, freePort } from '../harness/redis-server.js';
import { BUILT_SERVICE, ServiceProcess } from '../harness/service-process.js';
import { CLIENT_ID, SessionSetting } from '../harness/session-setting.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const HASH = bcrypt.hashSync('al1ce-bff-Pa55', 10);
const LINK_SECRET = 'a-secret-of-the-links-of-this-test';

interface Finding {
  readonly subject: string;
  readonly outcome: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly seen: string;
  readonly advice?: string;
}

const spawnMain = (variables: Record<string, string>, ...args: readonly string[]) =>
  ServiceProcess.spawn(variables, [process.execPath, join(BUILT_SERVICE, 'main.js'), ...args]);

/** A configuration about which there is nothing to say. */
const fine = (url: string, more: Record<string, string> = {}) =>
  environment(url, { USERS: `alice:${HASH}`, LINK_SECRET, STORE_URL: storeFile(), ...more });

/** `STORE_URL` of a file that a service has left. */
function storeFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'check-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const url = `sqlite:${join(directory, 'downloads.db')}`;
  void openRegistry({ url, retentionMs: 60_000 }).close();
  return url;
}

/** What `check --json` finds, and its exit code. */
async function findingsOf(variables: Record<string, string>, ...args: readonly string[]) {
  const run = spawnMain(variables, 'check', '--json', ...args);
  const exitCode = await run.exit();
  expect(leaksIn(run.text)).toEqual([]);
  for (const secret of [HASH, LINK_SECRET]) expect(run.text).not.toContain(secret);
  const { findings } = JSON.parse(run.text) as { findings: Finding[] };
  return { exitCode, findings };
}

/** Those that are not as they should be. */
async function faultsOf(variables: Record<string, string>, ...args: readonly string[]) {
  const { exitCode, findings } = await findingsOf(variables, ...args);
  const faults = findings.filter(({ outcome }) => outcome === 'warning' || outcome === 'failed');
  return { exitCode, faults };
}

const fault = (outcome: string, subject: string, seen: RegExp, advice = /\w/) =>
  expect.objectContaining({
    outcome,
    subject,
    seen: expect.stringMatching(seen),
    advice: expect.stringMatching(advice),
  });

describe('check', () => {
  it('finds nothing wrong with what fits, and makes a whole job of the node', async ({
    sandbox,
  }) => {
    const before = sandbox.downloadIds();
    const variables = fine(sandbox.url);
    const { exitCode, findings } = await findingsOf(variables, '--node', SAMPLE_NODES.textFile);
    expect(findings.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning')).toEqual(
      [],
    );
    expect(findings.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'configuration',
        'store: write',
        'alfresco: ready',
        'alfresco: clock',
        'alfresco: credentials',
        'alfresco: version',
        ...['create', 'watch', 'HEAD', 'range', 'whole', 'remove', 'cancel'].map(
          (step) => `round trip: ${step}`,
        ),
      ]),
    );
    expect(exitCode).toBe(0);
    expect(sandbox.downloadIds()).toEqual(before);
    const db = new DatabaseSync(variables.STORE_URL!.slice('sqlite:'.length), { readOnly: true });
    expect(db.prepare('SELECT * FROM downloads').all()).toEqual([]);
    db.close();
  });

  it('prints a line for each finding, with what to do, and the sums', async ({ sandbox }) => {
    const run = spawnMain(fine(sandbox.url, { AUTH: 'none' }), 'check');
    expect(await run.exit()).toBe(0);
    expect(run.text).toMatch(/^ok +alfresco: version +25\.3\.0 Community$/m);
    expect(run.text).toMatch(
      /^warning +configuration +AUTH=none: .+ -> .+ docs\/configuration\.md$/m,
    );
    expect(run.text).toMatch(/^\d+ ok, 1 warning, 0 failed, 1 skipped$/m);
    expect(leaksIn(run.text)).toEqual([]);
  });

  it('names every problem of the configuration, and misspelt variables', async ({ sandbox }) => {
    const wrong = { PORT: 'x', LINK_TTL: '0', DOWNLOAD_RETENTIONS: '99', ALFRSCO_TIMEOUT_MS: '5' };
    const { exitCode, faults } = await faultsOf(fine(sandbox.url, wrong));
    expect(faults).toEqual([
      fault('failed', 'configuration', /^PORT="x"/),
      fault('failed', 'configuration', /^LINK_TTL="0"/),
      fault('warning', 'configuration', /^DOWNLOAD_RETENTIONS/, /DOWNLOAD_RETENTION$/),
      fault('warning', 'configuration', /^ALFRSCO_TIMEOUT_MS/, /ALFRESCO_TIMEOUT_MS/),
    ]);
    expect(exitCode).toBe(1);
  });

  it('warns of hashes that are cheap to guess, and of links that end with the process', async ({
    sandbox,
  }) => {
    const weak = { USERS: `alice:${bcrypt.hashSync('x', 5)},bob:${HASH}`, LINK_SECRET: '' };
    const { exitCode, faults } = await faultsOf(fine(sandbox.url, weak));
    expect(faults).toEqual([
      fault('warning', 'configuration', /-C 12: alice$/),
      fault('warning', 'configuration', /LINK_SECRET/),
    ]);
    expect(exitCode).toBe(0);
  });

  it.for<[string, string, RegExp, Record<string, string>]>([
    ['a password that is wrong', 'credentials', /REJECTED/, { ALFRESCO_PASSWORD: 'wrong' }],
    [
      'a password that is wrong, with ALFRESCO_AUTH=basic',
      'credentials',
      /401/,
      { ALFRESCO_PASSWORD: 'wrong', ALFRESCO_AUTH: 'basic' },
    ],
    ['a tenant that does not exist', 'ready', /404/, { ALFRESCO_TENANT: 'other' }],
  ])('finds %s', async ([, subject, seen, wrong], { sandbox }) => {
    const { exitCode, faults } = await faultsOf(fine(sandbox.url, wrong));
    expect(faults).toEqual([fault('failed', `alfresco: ${subject}`, seen)]);
    expect(exitCode).toBe(1);
  });

  it('finds an address without /alfresco, and says where Alfresco is', async ({ sandbox }) => {
    const { faults } = await faultsOf(fine(new URL(sandbox.url).origin));
    expect(faults).toEqual([
      fault('failed', 'alfresco: ready', /not Alfresco: status 404/, new RegExp(sandbox.url)),
    ]);
  });

  it('finds an address that is one of the API, and says where Alfresco is', async ({ sandbox }) => {
    const api = `${sandbox.url}/api/-default-/public/alfresco/versions/1`;
    expect((await faultsOf(fine(api))).faults).toEqual([
      fault('failed', 'alfresco: ready', /404/, new RegExp(`${sandbox.url}:`)),
    ]);
  });

  it('finds a host that does not exist', async () => {
    // RFC 6761, section 6.4: no name ends with it.
    expect((await faultsOf(fine('http://acs.invalid/alfresco'))).faults).toEqual([
      fault('failed', 'alfresco: ready', /ENOTFOUND|EAI_AGAIN/, /name in ALFRESCO_URL/),
    ]);
  });

  it('finds a host where nothing listens', async () => {
    const { faults } = await faultsOf(fine(`http://127.0.0.1:${await freePort()}/alfresco`));
    expect(faults).toEqual([fault('failed', 'alfresco: ready', /ECONNREFUSED/, /ALFRESCO_URL/)]);
  });

  it('finds an Alfresco that is not ready, read-only, or old', async ({ sandbox }) => {
    sandbox.ready = false;
    expect((await faultsOf(fine(sandbox.url))).faults).toEqual([
      fault('failed', 'alfresco: ready', /503/),
    ]);
    sandbox.ready = true;
    sandbox.readOnly = true;
    const { faults } = await faultsOf(fine(sandbox.url), '--node', SAMPLE_NODES.textFile);
    expect(faults).toEqual([
      fault('failed', 'alfresco: writable', /read-only/, /allowWrite/),
      fault('failed', 'round trip', /READ_ONLY/, /writable/),
    ]);
    sandbox.readOnly = false;
    const version = { major: '5', minor: '1', patch: '0' };
    const entry = { repository: { edition: 'Community', version, status: {} } };
    sandbox.fail({ kind: 'wrong-entry', entry }, { path: /discovery/ });
    expect((await faultsOf(fine(sandbox.url))).faults).toEqual([
      fault('failed', 'alfresco: version', /5\.1\.0/, /5\.2\.1/),
    ]);
  });

  it('skips the version where Alfresco does not tell it', async ({ sandbox }) => {
    sandbox.fail({ kind: 'status', status: 501 }, { path: /discovery/ });
    const { exitCode, findings } = await findingsOf(fine(sandbox.url));
    expect(findings).toContainEqual(
      fault('skipped', 'alfresco: version', /501/, /system\.api\.discovery\.enabled/),
    );
    expect(exitCode).toBe(0);
  });

  it('finds a clock that is ten minutes off', async ({ sandbox }) => {
    const date = new Date(Date.now() - 600_000).toUTCString();
    const body = JSON.stringify({ entry: { message: 'readyProbe: Success - Tested' } });
    sandbox.fail({ kind: 'status', status: 200, body, headers: { date } }, { path: /-ready-/ });
    const { exitCode, faults } = await faultsOf(fine(sandbox.url));
    expect(faults).toEqual([fault('warning', 'alfresco: clock', /^(?:599|60[01]) s behind/)]);
    expect(exitCode).toBe(0);
  });

  it('says that each request is a login, with ALFRESCO_AUTH=basic', async ({ sandbox }) => {
    const { faults } = await faultsOf(fine(sandbox.url, { ALFRESCO_AUTH: 'basic' }));
    expect(faults).toEqual([fault('warning', 'alfresco: login', /login/, /ticket/)]);
  });

  it('finds a node of which no ZIP can be made', async ({ sandbox }) => {
    const { faults } = await faultsOf(fine(sandbox.url), '--node', SAMPLE_NODES.forbiddenFile);
    expect(faults).toEqual([fault('failed', 'round trip', /NODE_FORBIDDEN/, /right to read/)]);
  });

  it('finds an OpenID provider with another issuer, without keys, or that is away', async ({
    sandbox,
  }) => {
    const provider = await IdentityProvider.start();
    onTestFinished(() => provider.close());
    const variables = fine(sandbox.url, provider.environment());
    expect((await faultsOf(variables)).faults).toEqual([]);
    provider.keys = [];
    const withoutKeys = await faultsOf(variables);
    expect(withoutKeys.faults).toEqual([fault('failed', 'provider: keys', /none/)]);
    provider.claimedIssuer = 'https://other.example';
    const other = await faultsOf(variables);
    expect(other.faults).toEqual([fault('failed', 'provider', /another issuer/, /OIDC_ISSUER/)]);
    provider.mode = 'failing';
    expect((await faultsOf(variables)).faults).toEqual([fault('failed', 'provider', /500/)]);
    const nowhere = { ...variables, OIDC_ISSUER: `http://127.0.0.1:${await freePort()}` };
    expect((await faultsOf(nowhere)).faults).toEqual([
      fault('failed', 'provider', /^ECONNREFUSED$/, /can be reached/),
    ]);
  });

  it('removes its downloads when it fails in the middle', async ({ sandbox }) => {
    const before = sandbox.downloadIds();
    sandbox.fail({ kind: 'status', status: 500 }, { path: /\/content$/, times: Infinity });
    const variables = fine(sandbox.url, { ALFRESCO_IDLE_TIMEOUT_MS: '500' });
    const { exitCode, faults } = await faultsOf(variables, '--node', SAMPLE_NODES.textFile);
    expect(faults).toEqual([fault('failed', 'round trip', /ALFRESCO_/)]);
    expect(exitCode).toBe(1);
    expect(sandbox.downloadIds()).toEqual(before);
  });

  it.for(['SIGINT', 'SIGTERM'] as const)(
    'removes its downloads when it is interrupted by %s',
    async (signal, { sandbox }) => {
      const before = sandbox.downloadIds();
      sandbox.bytesPerSecond = 1_000_000;
      const run = spawnMain(fine(sandbox.url), 'check', '--node', SAMPLE_NODES.mediumFile);
      await until(
        () => sandbox.downloadIds().length,
        (count) => count > before.length,
      );
      run.child.kill(signal);
      expect(await run.exit()).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(run.text).toMatch(/^skipped +round trip +interrupted$/m);
      expect(sandbox.downloadIds()).toEqual(before);
    },
  );

  it.for<[string, readonly string[], number, RegExp]>([
    ['check --help', ['check', '--help'], 0, /--node ID/],
    ['check with an unknown option', ['check', '--nod'], 2, /'--nod'/],
    ['check with an impossible node', ['check', '--node', '../x'], 2, /--node/],
    ['--help', ['--help'], 0, /check +finds out/],
    ['--version', ['--version'], 0, /^\d+\.\d+\.\d+\n$/],
    ['an unknown command', ['chekc'], 2, /no command or option "chekc"/],
  ])('and the other commands need no configuration: %s', async ([, args, exitCode, text]) => {
    const run = spawnMain({}, ...args);
    expect(await run.exit()).toBe(exitCode);
    expect(run.text).toMatch(text);
  });
});

describe('check of the store', () => {
  it.for<[string, string, RegExp]>([
    ['that cannot be written', 'sqlite:/proc/downloads.db', /cannot be used \(/],
    ['that is no database', `sqlite:${import.meta.filename}`, /SQLITE_NOTADB/],
  ])('finds one %s', async ([, STORE_URL, seen], { sandbox }) => {
    const { exitCode, faults } = await faultsOf(fine(sandbox.url, { STORE_URL }));
    expect(faults).toContainEqual(fault('failed', 'store', seen));
    expect(exitCode).toBe(1);
  });

  it('neither makes a file nor updates one, and finds one of a newer version', async ({
    sandbox,
  }) => {
    const STORE_URL = storeFile();
    const file = STORE_URL.slice('sqlite:'.length);
    const schema = (version?: number) => {
      const db = new DatabaseSync(file);
      if (version !== undefined) db.exec(`PRAGMA user_version = ${version}`);
      const current = db.prepare('PRAGMA user_version').get()!.user_version;
      db.close();
      return current;
    };
    schema(1);
    expect((await faultsOf(fine(sandbox.url, { STORE_URL }))).faults).toEqual([]);
    expect(schema()).toBe(1);
    schema(MIGRATIONS.length + 1);
    expect((await faultsOf(fine(sandbox.url, { STORE_URL }))).faults).toEqual([
      fault('failed', 'store', /schema/),
    ]);
    rmSync(file);
    expect((await faultsOf(fine(sandbox.url, { STORE_URL }))).faults).toEqual([]);
    expect(() => new DatabaseSync(file, { readOnly: true })).toThrow();
  });
});

const startRedis = async (...settings: readonly string[]) => {
  const redis = new RedisServer(settings);
  await redis.start();
  onTestFinished(() => redis.dispose());
  return redis;
};

describeWithRedis('check of Redis', () => {
  it('finds one that loses or evicts, and leaves nothing in it', async ({ sandbox }) => {
    const evict = ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'];
    const redis = await startRedis('--appendonly', 'no', ...evict);
    const { exitCode, faults } = await faultsOf(fine(sandbox.url, { STORE_URL: redis.url }));
    expect(faults).toEqual([
      fault('warning', 'store: persistence', /appendonly no/, /appendfsync always/),
      fault('warning', 'store: eviction', /allkeys-lru/, /noeviction/),
    ]);
    expect(exitCode).toBe(0);
    expect(await redis.run((client) => client.keys('*'))).toEqual([]);
  });

  it('finds nothing wrong with one as documented, and finds one that is away', async ({
    sandbox,
  }) => {
    const redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always');
    const variables = fine(sandbox.url, { STORE_URL: redis.url });
    expect((await faultsOf(variables)).faults).toEqual([]);
    await redis.kill();
    expect((await faultsOf(variables)).faults).toEqual([
      fault('failed', 'store', /STORE_UNAVAILABLE|REDIS_ECONNREFUSED/),
    ]);
  });
});

describe.skipIf(isOpensslMissing())('check of Alfresco behind https', () => {
  let tls: MutualTls;
  beforeAll(() => {
    tls = new MutualTls();
  });
  afterAll(() => tls.close());

  const behind = async (identity: { cert: string; key: string }, external = false) => {
    const sandbox = await startSandbox({
      tls: { ...identity, ca: tls.ca },
      ...(external && { external: { proxyUserName: PROXY_USER } }),
    });
    onTestFinished(() => sandbox.close());
    return sandbox.url;
  };

  it('finds certificates that are not trusted, expired, or for another host', async () => {
    const ca = { ALFRESCO_CA_FILE: tls.file('ca.pem', tls.ca) };
    const unknown = await faultsOf(fine(await behind(tls.server)));
    expect(unknown.faults).toEqual([
      fault('failed', 'alfresco: TLS', /^SELF_SIGNED_CERT_IN_CHAIN: .*Test CA/, /ALFRESCO_CA_FILE/),
    ]);
    const expired = await faultsOf(fine(await behind(tls.issueExpired('/CN=alfresco')), ca));
    expect(expired.faults).toEqual([
      fault('failed', 'alfresco: TLS', /^CERT_HAS_EXPIRED/, /renew/),
    ]);
    const other = tls.issue('/CN=elsewhere', 'DNS:elsewhere.example');
    expect((await faultsOf(fine(await behind(other), ca))).faults).toEqual([
      fault('failed', 'alfresco: TLS', /^ERR_TLS_CERT_ALTNAME_INVALID/, /ALFRESCO_URL/),
    ]);
    // The certificates of tests are valid for two days.
    expect((await faultsOf(fine(await behind(tls.server), ca))).faults).toEqual([
      fault('warning', 'alfresco: TLS', /signed by Test CA, valid for [12] days/, /renew/),
    ]);
  });

  it('finds an address with http instead of https, and with https instead of http', async ({
    sandbox,
  }) => {
    const encrypted = await behind(tls.server);
    expect((await faultsOf(fine(encrypted.replace('https:', 'http:')))).faults).toEqual([
      fault('failed', 'alfresco: ready', /ALFRESCO_UNREACHABLE/, /begin with https/),
    ]);
    expect((await faultsOf(fine(sandbox.url.replace('http:', 'https:')))).faults).toEqual([
      fault('failed', 'alfresco: TLS', /WRONG_VERSION_NUMBER/, /https is there/),
    ]);
  });

  it('asks in the name of --user with remote-user, and of nobody without', async () => {
    const account = { ALFRESCO_USERNAME: '', ALFRESCO_PASSWORD: '' };
    const variables = fine(await behind(tls.server, true), {
      ...account,
      ...tls.variables(),
      ALFRESCO_ON_BEHALF_OF: 'remote-user',
    });
    const nobody = await findingsOf(variables);
    expect(nobody.findings).toContainEqual(
      fault('skipped', 'alfresco: credentials', /remote-user/, /--user/),
    );
    const alice = await findingsOf(variables, '--user', 'alice', '--node', SAMPLE_NODES.textFile);
    expect(alice.findings).toContainEqual(
      expect.objectContaining({
        outcome: 'ok',
        subject: 'alfresco: credentials',
        seen: 'Alfresco knows the caller as alice',
      }),
    );
    expect(alice.exitCode).toBe(0);
  });
});

describe('check of tokens of callers', () => {
  it('shows who refuses a token that nobody has issued, and what it cannot find out', async ({
    sandbox,
  }) => {
    const provider = await IdentityProvider.start();
    onTestFinished(() => provider.close());
    const account = { ALFRESCO_USERNAME: '', ALFRESCO_PASSWORD: '' };
    const { findings } = await findingsOf(
      fine(sandbox.url, { ...provider.environment(), ...account, ALFRESCO_ON_BEHALF_OF: 'token' }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        outcome: 'ok',
        subject: 'alfresco: credentials',
        seen: expect.stringMatching(/^Alfresco refuses/),
      }),
    );
    expect(findings).toContainEqual(fault('skipped', 'alfresco: caller', /token/, /log in/));
  });

  it('finds a client secret that the token endpoint does not accept', async () => {
    const setting = await SessionSetting.start({
      client: { grant_types: ['authorization_code', EXCHANGE] },
    });
    onTestFinished(() => setting.close());
    const variables = fine(setting.sandbox.url, {
      ALFRESCO_USERNAME: '',
      ALFRESCO_PASSWORD: '',
      AUTH: 'bearer',
      OIDC_ISSUER: setting.provider.issuer,
      OIDC_AUDIENCE: AUDIENCE,
      ALFRESCO_ON_BEHALF_OF: 'token-exchange',
      ALFRESCO_OAUTH2_TOKEN_URL: `${setting.provider.issuer}/token`,
      ALFRESCO_OAUTH2_CLIENT_ID: CLIENT_ID,
      ALFRESCO_OAUTH2_CLIENT_SECRET: setting.variables.OIDC_CLIENT_SECRET!,
      ALFRESCO_OAUTH2_AUDIENCE: 'alfresco-content-services',
    });
    expect((await faultsOf(variables)).faults).toEqual([]);
    const ALFRESCO_OAUTH2_CLIENT_SECRET = 'another-secret';
    const wrong = await faultsOf({ ...variables, ALFRESCO_OAUTH2_CLIENT_SECRET });
    expect(wrong.faults).toEqual([
      fault(
        'failed',
        'alfresco: credentials',
        /REJECTED .*token endpoint/,
        /CLIENT_ID, its secret/,
      ),
    ]);
  });
});
