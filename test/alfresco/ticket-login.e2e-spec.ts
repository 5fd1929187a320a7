import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, SERVICE_ACCOUNT, startBff } from '../harness/bff.js';
import { captureOutput, leaksIn } from '../harness/leaks.js';
import { until } from '../harness/polling.js';
import { readZip } from '../harness/zip.js';

const WITH_TICKET = { ALFRESCO_AUTH: 'ticket', LOG_LEVEL: 'debug' };
/** A time that a test can wait for, and long enough for Alfresco's renewal to keep it alive. */
const SHORT_MS = 400;

let sandbox: Sandbox;
let bff: Bff;
let client: AlfrescoClient;
let output: ReturnType<typeof captureOutput>;

async function start(options = {}, variables = {}): Promise<void> {
  sandbox = await startSandbox(options);
  bff = await startBff(sandbox.url, { ...WITH_TICKET, ...variables });
  client = bff.app.get(AlfrescoClient);
}

beforeEach(() => {
  output = captureOutput();
});
afterEach(async () => {
  await bff.close();
  expect(deletedTickets()).toEqual([]);
  await sandbox.close();
  output.stop();
  expect(leaksIn(output.text())).toEqual([]);
});

const ticketRequests = () => sandbox.requests.filter(({ url }) => url.includes('/tickets'));
const logins = () => ticketRequests().filter(({ method }) => method === 'POST');
const deletedTickets = () => ticketRequests().filter(({ method }) => method === 'DELETE');
const refusedWith = (status: number) => sandbox.requests.filter((it) => it.status === status);

describe('ALFRESCO_AUTH=ticket', () => {
  it('logs in once for a whole download and sends the password nowhere else', async () => {
    await start();
    expect(sandbox.requests).toEqual([]);
    const download = await client.createDownload([SAMPLE_NODES.nestedFolder]);
    await until(
      () => client.getDownload(download.id),
      ({ status }) => status === 'DONE',
    );
    const node = await client.getDownloadNode(download.id);
    const range = { start: 0, end: node.size! - 1 };
    const content = await client.openContent(node, range, new AbortController().signal);
    expect(await readZip(Buffer.concat(await content.toArray()))).toHaveLength(4);
    await client.deleteNode(download.id);

    expect(logins()).toHaveLength(1);
    expect(logins()[0]!.headers.authorization).toBeUndefined();
    for (const { headers, url, user } of sandbox.requests.slice(1)) {
      expect(user).toBe(SERVICE_ACCOUNT.id);
      expect(url).not.toContain('alf_ticket');
      expect(Buffer.from(String(headers.authorization).slice(6), 'base64').toString()).toMatch(
        /^ROLE_TICKET:TICKET_/,
      );
    }
  });

  it('spends no login on the readiness probe', async () => {
    await start();
    expect((await fetch(`${bff.url}/health/ready`)).status).toBe(200);
    expect(sandbox.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('renews a lost ticket once, though a hundred requests are refused at the same time', async () => {
    await start();
    const { id } = await client.createDownload([SAMPLE_NODES.textFile]);
    sandbox.expireTickets();
    sandbox.clearRequests();
    const downloads = await Promise.all(Array.from({ length: 100 }, () => client.getDownload(id)));
    expect(downloads.every((download) => download.id === id)).toBe(true);
    expect(logins()).toHaveLength(1);
    expect(refusedWith(401).length).toBeGreaterThan(0);
  });

  it('makes one ZIP for a POST that is refused and sent again', async () => {
    await start();
    await client.createDownload([SAMPLE_NODES.textFile]);
    sandbox.expireTickets();
    const before = sandbox.downloadIds().length;
    await client.createDownload([SAMPLE_NODES.textFile]);
    expect(sandbox.downloadIds()).toHaveLength(before + 1);
    expect(refusedWith(401)).toHaveLength(1);
  });

  it('renews in the middle of a download, also for content', async () => {
    await start();
    const { id } = await client.createDownload([SAMPLE_NODES.textFile]);
    await until(
      () => client.getDownload(id),
      ({ status }) => status === 'DONE',
    );
    const node = await client.getDownloadNode(id);
    sandbox.expireTickets();
    const range = { start: 0, end: node.size! - 1 };
    const content = await client.openContent(node, range, new AbortController().signal);
    expect(Buffer.concat(await content.toArray())).toHaveLength(node.size!);
    sandbox.expireTickets();
    await client.cancelDownload(id);
    expect(logins()).toHaveLength(3);
  });

  it('goes on with tickets that die of themselves', { timeout: 30_000 }, async () => {
    await start({ ticketValidMs: SHORT_MS });
    const { id } = await client.createDownload([SAMPLE_NODES.textFile]);
    for (let round = 0; round < 4; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, SHORT_MS + 50));
      expect((await client.getDownload(id)).id).toBe(id);
    }
    expect(logins()).toHaveLength(5);
  });

  it('answers 502 and tries no further login for a while when the account is refused', async () => {
    await start({}, { ALFRESCO_PASSWORD: 'not-it-s3cret-Pa55' });
    const api = DownloadsApi.ofBff(bff.url);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.create([SAMPLE_NODES.textFile])),
    );
    for (const answer of answers) {
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({
        status: 502,
        code: 'ALFRESCO_CREDENTIALS_REJECTED',
      });
      expect(leaksIn(text)).toEqual([]);
    }
    expect(logins()).toHaveLength(1);
    expect(output.text()).toContain('ALFRESCO_CREDENTIALS_REJECTED');
    expect(output.text()).not.toContain('not-it');
    // The account itself is not locked: there were fewer than ten failures.
    const direct = DownloadsApi.ofAlfresco(sandbox.url);
    expect((await direct.create([SAMPLE_NODES.textFile])).status).toBe(202);
  });

  it.each([
    ['hang', { kind: 'hang' }, 504, 'ALFRESCO_TIMEOUT'],
    ['reset', { kind: 'reset' }, 502, 'ALFRESCO_UNREACHABLE'],
    ['500', { kind: 'status', status: 500 }, 502, 'ALFRESCO_ERROR'],
    ['HTML', { kind: 'html', status: 200 }, 502, 'ALFRESCO_BAD_RESPONSE'],
  ] as const)(
    'says so when the login fails, and recovers: %s',
    async (_name, fault, status, code) => {
      await start({}, { ALFRESCO_TIMEOUT_MS: '300' });
      sandbox.fail(fault, { path: /\/tickets$/ });
      const api = DownloadsApi.ofBff(bff.url);
      expect(await (await api.create([SAMPLE_NODES.textFile])).json()).toMatchObject({
        status,
        code,
      });
      expect(sandbox.downloadIds()).toEqual([]);
      await client.createDownload([SAMPLE_NODES.textFile]);
    },
  );
});
