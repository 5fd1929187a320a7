import { AlfrescoClient } from '#service/alfresco/alfresco.client.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Fault, Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { SERVICE_ACCOUNT, startBff } from '../harness/bff.js';
import { clockOfFile } from '../harness/clock.js';
import { configured } from '../harness/fixtures.js';
import { leaksIn } from '../harness/leaks.js';
import { until } from '../harness/polling.js';
import { readZip } from '../harness/zip.js';

const HOLDER = { key: 'alice', isLinked: false };

/** Lifetime of a ticket; Alfresco's default. */
const TICKET_VALID_MS = 3_600_000;
const skip = clockOfFile();

/** Tests that start services, which have not logged in yet. */
const it = configured({ sandbox: { estimateDelayMs: 1 } }).extend(
  'start',
  ({ sandbox }, { onCleanup }) => {
    let log = '';
    const closings: (() => Promise<void>)[] = [];
    onCleanup(async () => {
      for (const close of closings) await close();
      expect(ticketRequests(sandbox).filter(({ method }) => method === 'DELETE')).toEqual([]);
      expect(log).toContain('"level":');
      expect(leaksIn(log)).toEqual([]);
    });
    return async (variables: Record<string, string> = {}) => {
      const bff = await startBff(
        sandbox.url,
        { ALFRESCO_AUTH: 'ticket', ...variables },
        { onLine: (line) => (log += line) },
      );
      closings.push(() => bff.close());
      return {
        url: bff.url,
        client: bff.app.get(AlfrescoClient),
        api: DownloadsApi.ofBff(bff.url),
        log: () => log,
      };
    };
  },
);

const ticketRequests = ({ requests }: Sandbox) =>
  requests.filter(({ url }) => url.includes('/tickets'));
const logins = (sandbox: Sandbox) =>
  ticketRequests(sandbox).filter(({ method }) => method === 'POST');
const refusedWith = ({ requests }: Sandbox, status: number) =>
  requests.filter((request) => request.status === status);
const finished = (client: AlfrescoClient, id: string) =>
  until(
    () => client.getDownload(id),
    ({ status }) => status === 'DONE',
  );

describe('ALFRESCO_AUTH=ticket', () => {
  it('logs in once for a whole download and sends the password nowhere else', async ({
    sandbox,
    start,
  }) => {
    const { client } = await start();
    expect(sandbox.requests).toEqual([]);
    const download = await client.createDownload([SAMPLE_NODES.nestedFolder]);
    await finished(client, download.id);
    const node = await client.getDownloadNode(download.id);
    const range = { start: 0, end: node.size! - 1 };
    const content = await client.openContent(node, range, HOLDER, new AbortController().signal);
    expect(await readZip(Buffer.concat(await content.toArray()))).toHaveLength(4);
    await client.deleteNode(download.id);

    expect(logins(sandbox)).toHaveLength(1);
    expect(logins(sandbox)[0]!.headers.authorization).toBeUndefined();
    for (const { headers, url, user } of sandbox.requests.slice(1)) {
      expect(user).toBe(SERVICE_ACCOUNT.id);
      expect(url).not.toContain('alf_ticket');
      expect(Buffer.from(String(headers.authorization).slice(6), 'base64').toString()).toMatch(
        /^ROLE_TICKET:TICKET_/,
      );
    }
  });

  it('does not log in for the readiness probe', async ({ sandbox, start }) => {
    const { url } = await start();
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(sandbox.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('renews a lost ticket once, although a hundred requests are rejected at the same time', async ({
    sandbox,
    start,
  }) => {
    const { client } = await start();
    const { id } = await client.createDownload([SAMPLE_NODES.textFile]);
    sandbox.expireTickets();
    sandbox.clearRequests();
    const downloads = await Promise.all(Array.from({ length: 100 }, () => client.getDownload(id)));
    expect(downloads.every((download) => download.id === id)).toBe(true);
    expect(logins(sandbox)).toHaveLength(1);
    expect(refusedWith(sandbox, 401).length).toBeGreaterThan(0);
  });

  it('makes one ZIP for a POST that is rejected and sent again', async ({ sandbox, start }) => {
    const { client } = await start();
    await client.createDownload([SAMPLE_NODES.textFile]);
    sandbox.expireTickets();
    const before = sandbox.downloadIds().length;
    await client.createDownload([SAMPLE_NODES.textFile]);
    expect(sandbox.downloadIds()).toHaveLength(before + 1);
    expect(refusedWith(sandbox, 401)).toHaveLength(1);
  });

  it('renews a ticket in the middle of a download, also for content', async ({
    sandbox,
    start,
  }) => {
    const { client } = await start();
    const { id } = await client.createDownload([SAMPLE_NODES.textFile]);
    await finished(client, id);
    const node = await client.getDownloadNode(id);
    sandbox.expireTickets();
    const range = { start: 0, end: node.size! - 1 };
    const content = await client.openContent(node, range, HOLDER, new AbortController().signal);
    expect(Buffer.concat(await content.toArray())).toHaveLength(node.size!);
    sandbox.expireTickets();
    await client.cancelDownload(id);
    expect(logins(sandbox)).toHaveLength(3);
  });

  it('renews each ticket that expires', async ({ sandbox, start }) => {
    const { client } = await start();
    const { id } = await client.createDownload([SAMPLE_NODES.textFile]);
    for (let round = 0; round < 4; round += 1) {
      skip(TICKET_VALID_MS + 1000);
      expect((await client.getDownload(id)).id).toBe(id);
    }
    expect(logins(sandbox)).toHaveLength(5);
  });

  it('responds with 502 and does not log in again for a while when the account is rejected', async ({
    sandbox,
    start,
  }) => {
    const { api, log } = await start({ ALFRESCO_PASSWORD: 'not-it-s3cret-Pa55' });
    const responses = await Promise.all(
      Array.from({ length: 50 }, () => api.create([SAMPLE_NODES.textFile])),
    );
    for (const response of responses) {
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({
        status: 502,
        code: 'ALFRESCO_CREDENTIALS_REJECTED',
      });
      expect(leaksIn(text)).toEqual([]);
    }
    expect(logins(sandbox)).toHaveLength(1);
    expect(log()).toContain('ALFRESCO_CREDENTIALS_REJECTED');
    expect(log()).not.toContain('not-it');
    // The account itself is not locked: there were fewer than ten failures.
    const direct = DownloadsApi.ofAlfresco(sandbox.url);
    expect((await direct.create([SAMPLE_NODES.textFile])).status).toBe(202);
  });

  it.for<[string, Fault, number, string]>([
    ['gets no response', { kind: 'hang' }, 504, 'ALFRESCO_TIMEOUT'],
    ['is reset', { kind: 'reset' }, 502, 'ALFRESCO_UNREACHABLE'],
    ['gets a 500', { kind: 'status', status: 500 }, 502, 'ALFRESCO_ERROR'],
    ['gets a page of HTML', { kind: 'html', status: 200 }, 502, 'ALFRESCO_BAD_RESPONSE'],
  ])(
    'reports when a login %s, and recovers',
    async ([, fault, status, code], { sandbox, start }) => {
      const { api, client } = await start({ ALFRESCO_TIMEOUT_MS: '1000' });
      const before = sandbox.downloadIds();
      sandbox.fail(fault, { path: /\/tickets$/ });
      const response = await api.create([SAMPLE_NODES.textFile]);
      expect(await response.json()).toMatchObject({ status, code });
      expect(sandbox.downloadIds()).toEqual(before);
      // The login that hung may still be ending, and calls share a login in progress.
      await until(
        () => client.createDownload([SAMPLE_NODES.textFile]).then(Boolean, () => false),
        (isCreated) => isCreated,
      );
      expect(logins(sandbox)).toHaveLength(2);
    },
  );
});
