import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Fault, type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { isOpensslMissing } from '../../sandbox/testing/certificates.ts';
import { DownloadsApi } from '../harness/api.js';
import { SERVICE_ACCOUNT, startBff } from '../harness/bff.js';
import { clockOfFile } from '../harness/clock.js';
import { configured } from '../harness/fixtures.js';
import { leaksIn } from '../harness/leaks.js';
import { MutualTls } from '../harness/mutual-tls.js';
import { until } from '../harness/polling.js';

const CLIENT = { id: 'bff', secret: 'cl1ent-s3cret-Pa55', userName: SERVICE_ACCOUNT.id };
const identityService = { clients: [CLIENT], tokenValidSeconds: 300 };
const skip = clockOfFile();

/** Tests that start services, which have no token yet, in front of the shared stand-in or another one. */
const it = configured({ sandbox: { identityService, estimateDelayMs: 1 } }).extend(
  'start',
  ({ sandbox }, { onCleanup }) => {
    let log = '';
    const closings: (() => Promise<void>)[] = [];
    onCleanup(async () => {
      for (const close of closings) await close();
      await until(
        () => sandbox.openConnections,
        (count) => count === 0,
      );
      expect(log).toContain('"level":');
      expectNoSecret(sandbox, log);
    });
    return async (variables: Record<string, string> = {}, { url, tokenUrl } = sandbox) => {
      const bff = await startBff(
        url,
        {
          ALFRESCO_USERNAME: '',
          ALFRESCO_PASSWORD: '',
          ALFRESCO_AUTH: 'oauth2',
          ALFRESCO_OAUTH2_TOKEN_URL: tokenUrl,
          ALFRESCO_OAUTH2_CLIENT_ID: CLIENT.id,
          ALFRESCO_OAUTH2_CLIENT_SECRET: CLIENT.secret,
          ...variables,
        },
        { onLine: (line) => (log += line) },
      );
      closings.push(() => bff.close());
      const client = bff.app.get(AlfrescoClient);
      return {
        client,
        create: () => client.createDownload([SAMPLE_NODES.textFile]),
        api: DownloadsApi.ofBff(bff.url),
        log: () => log,
      };
    };
  },
);

/** Asserts that the text contains no secret that was sent to Alfresco. */
function expectNoSecret({ requests }: Sandbox, text: string): void {
  const sent = requests.map(({ headers }) => String(headers.authorization ?? '').split(' ')[1]);
  for (const secret of [CLIENT.secret, ...sent]) {
    if (secret) expect(text).not.toContain(secret);
  }
  expect(leaksIn(text)).toEqual([]);
}

const tokenRequests = ({ requests }: Sandbox) =>
  requests.filter(({ url }) => url.includes('/oauth2/token'));
const refused = ({ requests }: Sandbox) => requests.filter(({ status }) => status === 401);

describe('ALFRESCO_AUTH=oauth2', () => {
  it('requests a token once and calls Alfresco with it', async ({ sandbox, start }) => {
    const { client, create } = await start();
    expect(sandbox.requests).toEqual([]);
    const downloads = await Promise.all(Array.from({ length: 50 }, create));
    await until(
      () => client.getDownload(downloads[0]!.id),
      ({ status }) => status === 'DONE',
    );
    expect(tokenRequests(sandbox)).toHaveLength(1);
    const calls = sandbox.requests.filter(({ url }) => url.startsWith('/alfresco'));
    expect(calls.every(({ user }) => user === CLIENT.userName)).toBe(true);
    expect(calls.every(({ headers }) => String(headers.authorization).startsWith('Bearer '))).toBe(
      true,
    );
    expect(refused(sandbox)).toEqual([]);
  });

  it('renews a token before it expires', async ({ sandbox, start }) => {
    const { client, create } = await start();
    const { id } = await create();
    // A quarter of an hour.
    for (let round = 0; round < 45; round += 1) {
      skip(20_000);
      await client.getDownload(id);
    }
    expect(refused(sandbox)).toEqual([]);
    expect(tokenRequests(sandbox)).toHaveLength(4);
  });

  it('renews a token once when Alfresco no longer accepts it', async ({ sandbox, start }) => {
    const { client, create } = await start();
    const { id } = await create();
    sandbox.expireTokens();
    sandbox.clearRequests();
    await Promise.all(Array.from({ length: 100 }, () => client.getDownload(id)));
    expect(tokenRequests(sandbox)).toHaveLength(1);
    expect(refused(sandbox).length).toBeGreaterThan(0);
    sandbox.expireTokens();
    const before = sandbox.downloadIds().length;
    await create();
    expect(sandbox.downloadIds()).toHaveLength(before + 1);
  });

  it('does not keep requesting tokens that Alfresco does not accept', async ({
    sandbox,
    start,
  }) => {
    const { create } = await start();
    sandbox.fail({ kind: 'status', status: 401 }, { path: /\/downloads/, times: Infinity });
    for (let count = 0; count < 10; count += 1) {
      await expect(create()).rejects.toMatchObject({ code: 'ALFRESCO_CREDENTIALS_REJECTED' });
    }
    expect(tokenRequests(sandbox)).toHaveLength(2);
  });

  it('does not keep requesting tokens with a rejected secret', async ({ sandbox, start }) => {
    const { api, log } = await start({ ALFRESCO_OAUTH2_CLIENT_SECRET: 'not-it' });
    for (let count = 0; count < 10; count += 1) {
      const text = await (await api.create([SAMPLE_NODES.textFile])).text();
      expect(JSON.parse(text)).toMatchObject({
        status: 502,
        code: 'ALFRESCO_CREDENTIALS_REJECTED',
      });
      expectNoSecret(sandbox, text);
    }
    expect(sandbox.requests).toHaveLength(1);
    expect(log()).not.toContain('not-it');
  });

  it.for<[string, Fault, number, string]>([
    ['never responds', { kind: 'hang' }, 504, 'ALFRESCO_TIMEOUT'],
    ['resets the connection', { kind: 'reset' }, 502, 'ALFRESCO_UNREACHABLE'],
    ['responds with 503', { kind: 'status', status: 503 }, 502, 'ALFRESCO_UNREACHABLE'],
    ['responds with HTML', { kind: 'html', status: 200 }, 502, 'ALFRESCO_BAD_RESPONSE'],
    [
      'redirects',
      { kind: 'redirect', location: 'http://127.0.0.1:9/' },
      502,
      'ALFRESCO_BAD_RESPONSE',
    ],
  ])(
    'reports when the token endpoint %s, and recovers',
    async ([, fault, status, code], { sandbox, start }) => {
      const { api, create } = await start({ ALFRESCO_TIMEOUT_MS: '1000' });
      sandbox.fail(fault, { path: /oauth2/ });
      const response = await api.create([SAMPLE_NODES.textFile]);
      expect(await response.json()).toMatchObject({ status, code });
      // The login that hung may still be ending, and calls share a login in progress.
      await until(
        () => create().then(Boolean, () => false),
        (isCreated) => isCreated,
      );
    },
  );

  it.skipIf(isOpensslMissing())(
    'trusts only the authority of Alfresco’s certificate for the token endpoint as well',
    async ({ start }) => {
      const tls = new MutualTls();
      const secure = await startSandbox({ tls: tls.ofSandbox, identityService });
      onTestFinished(async () => {
        await secure.close();
        tls.close();
      });
      const trusting = await start({ ALFRESCO_CA_FILE: tls.file('ca.pem', tls.ca) }, secure);
      await trusting.create();
      const other = await start({}, secure);
      await expect(other.create()).rejects.toMatchObject({ code: 'ALFRESCO_UNREACHABLE' });
      expectNoSecret(secure, other.log());
    },
  );
});
