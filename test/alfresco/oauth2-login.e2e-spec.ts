import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, SERVICE_ACCOUNT, startBff } from '../harness/bff.js';
import { captureOutput, leaksIn } from '../harness/leaks.js';
import { MutualTls } from '../harness/mutual-tls.js';
import { until } from '../harness/polling.js';

const CLIENT = { id: 'bff', secret: 'cl1ent-s3cret-Pa55', userName: SERVICE_ACCOUNT.id };

let sandbox: Sandbox;
let bff: Bff;
let client: AlfrescoClient;
let output: ReturnType<typeof captureOutput>;

interface Options {
  readonly tokenValidSeconds?: number;
  readonly tls?: { key: string; cert: string; ca: string };
  readonly variables?: Record<string, string>;
}

async function start({ tokenValidSeconds, tls, variables }: Options = {}): Promise<void> {
  sandbox = await startSandbox({ tls, identityService: { clients: [CLIENT], tokenValidSeconds } });
  bff = await startBff(sandbox.url, {
    LOG_LEVEL: 'debug',
    ALFRESCO_USERNAME: '',
    ALFRESCO_PASSWORD: '',
    ALFRESCO_AUTH: 'oauth2',
    ALFRESCO_OAUTH2_TOKEN_URL: sandbox.tokenUrl,
    ALFRESCO_OAUTH2_CLIENT_ID: CLIENT.id,
    ALFRESCO_OAUTH2_CLIENT_SECRET: CLIENT.secret,
    ...variables,
  });
  client = bff.app.get(AlfrescoClient);
}

/** Nothing secret that went over the wire may be in a text. */
function expectNoSecret(text: string): void {
  const sent = sandbox.requests.map(
    ({ headers }) => String(headers.authorization ?? '').split(' ')[1],
  );
  for (const secret of [CLIENT.secret, ...sent]) {
    if (secret) expect(text).not.toContain(secret);
  }
  expect(leaksIn(text)).toEqual([]);
}

beforeEach(() => {
  output = captureOutput();
});
afterEach(async () => {
  await bff.close();
  await until(
    () => sandbox.openConnections,
    (count) => count === 0,
  );
  await sandbox.close();
  output.stop();
  expectNoSecret(output.text());
});

const tokenRequests = () => sandbox.requests.filter(({ url }) => url.includes('/oauth2/token'));
const refused = () => sandbox.requests.filter(({ status }) => status === 401);
const create = () => client.createDownload([SAMPLE_NODES.textFile]);

describe('ALFRESCO_AUTH=oauth2', () => {
  it('asks once for a token and calls Alfresco with it', async () => {
    await start();
    expect(sandbox.requests).toEqual([]);
    const downloads = await Promise.all(Array.from({ length: 50 }, create));
    await until(
      () => client.getDownload(downloads[0]!.id),
      ({ status }) => status === 'DONE',
    );
    expect(tokenRequests()).toHaveLength(1);
    const calls = sandbox.requests.filter(({ url }) => url.startsWith('/alfresco'));
    expect(calls.every(({ user }) => user === CLIENT.userName)).toBe(true);
    expect(calls.every(({ headers }) => String(headers.authorization).startsWith('Bearer '))).toBe(
      true,
    );
    expect(refused()).toEqual([]);
  });

  it('renews a token before it expires', async () => {
    await start({ tokenValidSeconds: 0.5 });
    const { id } = await create();
    for (let round = 0; round < 15; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await client.getDownload(id);
    }
    expect(refused()).toEqual([]);
    expect(tokenRequests().length).toBeGreaterThanOrEqual(3);
    expect(tokenRequests().length).toBeLessThanOrEqual(5);
  });

  it('renews a token once when Alfresco no longer takes it', async () => {
    await start();
    const { id } = await create();
    sandbox.expireTokens();
    sandbox.clearRequests();
    await Promise.all(Array.from({ length: 100 }, () => client.getDownload(id)));
    expect(tokenRequests()).toHaveLength(1);
    expect(refused().length).toBeGreaterThan(0);
    sandbox.expireTokens();
    const before = sandbox.downloadIds().length;
    await create();
    expect(sandbox.downloadIds()).toHaveLength(before + 1);
  });

  it('does not ask again and again for tokens that Alfresco does not take', async () => {
    await start();
    sandbox.fail({ kind: 'status', status: 401 }, { path: /\/downloads/, times: Infinity });
    for (let count = 0; count < 10; count += 1) {
      await expect(create()).rejects.toMatchObject({ code: 'ALFRESCO_CREDENTIALS_REJECTED' });
    }
    expect(tokenRequests()).toHaveLength(2);
  });

  it('does not ask again and again with a secret that is refused', async () => {
    await start({ variables: { ALFRESCO_OAUTH2_CLIENT_SECRET: 'not-it' } });
    const api = DownloadsApi.ofBff(bff.url);
    for (let count = 0; count < 10; count += 1) {
      const text = await (await api.create([SAMPLE_NODES.textFile])).text();
      expect(JSON.parse(text)).toMatchObject({
        status: 502,
        code: 'ALFRESCO_CREDENTIALS_REJECTED',
      });
      expectNoSecret(text);
    }
    expect(sandbox.requests).toHaveLength(1);
    expect(output.text()).not.toContain('not-it');
  });

  it.each([
    [{ kind: 'hang' }, 504, 'ALFRESCO_TIMEOUT'],
    [{ kind: 'reset' }, 502, 'ALFRESCO_UNREACHABLE'],
    [{ kind: 'status', status: 503 }, 502, 'ALFRESCO_UNREACHABLE'],
    [{ kind: 'html', status: 200 }, 502, 'ALFRESCO_BAD_RESPONSE'],
    [{ kind: 'redirect', location: 'http://127.0.0.1:9/' }, 502, 'ALFRESCO_BAD_RESPONSE'],
  ] as const)(
    'says so when the token endpoint fails, and recovers: %o',
    async (fault, status, code) => {
      await start({ variables: { ALFRESCO_TIMEOUT_MS: '300' } });
      sandbox.fail(fault, { path: /oauth2/ });
      const answer = await DownloadsApi.ofBff(bff.url).create([SAMPLE_NODES.textFile]);
      expect(await answer.json()).toMatchObject({ status, code });
      // The login that hung may still be ending, and is shared by who comes then.
      await until(
        () =>
          create()
            .then(() => true)
            .catch(() => false),
        (isCreated) => isCreated,
      );
    },
  );

  it.skipIf(isOpensslMissing())(
    'trusts the same authority, and shows it no certificate',
    async () => {
      const tls = new MutualTls();
      await start({
        tls: tls.ofSandbox,
        variables: { ALFRESCO_CA_FILE: tls.file('ca.pem', tls.ca) },
      });
      await create();
      await bff.close();
      await sandbox.close();
      await start({ tls: tls.ofSandbox });
      await expect(create()).rejects.toMatchObject({ code: 'ALFRESCO_UNREACHABLE' });
      tls.close();
    },
  );
});
