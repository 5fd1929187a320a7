import { type DownloadEvent, DownloadsClient, DownloadsProblem } from 'alfresco-downloads-client';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { CALLERS, basic } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { rawRequest } from '../harness/raw-http.js';
import { readZip } from '../harness/zip.js';

/**
 * Slow enough for a watcher to see progress before the end, also on a busy machine: Alfresco writes it down every 10 MB, and is
 * asked every two seconds at least.
 */
const WATCHABLE_BYTES_PER_SECOND = 4_000_000;

const it = withClient({});
const itStallsSoon = withClient({ STALL_AFTER_MS: '250' });
// Or the first test would have the time that the service takes to start.
it.beforeAll(({ bff }) => void bff, 60_000);

function withClient(variables: Readonly<Record<string, string>>) {
  const sandbox = { largeFileBytes: 25_000_000 };
  return configured({ sandbox, variables }).extend('client', ({ bff, user }) => {
    const { authorization } = user.headers;
    return new DownloadsClient({ baseUrl: bff.url, authorization: authorization! });
  });
}

/** Watches to the end; returns the types of the events, without consecutive duplicates. */
async function watch(
  client: DownloadsClient,
  id: string,
  onEvent: (event: DownloadEvent) => unknown = () => {},
): Promise<string[]> {
  const types: string[] = [];
  for await (const event of client.watch(id)) {
    if (types.at(-1) !== event.type) types.push(event.type);
    await onEvent(event);
  }
  return types;
}

/** Watches a slow ZIP until `enough` intermediate percentages have been seen, then to its end at full speed. */
async function watchGrowing(
  client: DownloadsClient,
  id: string,
  { sandbox, enough }: { sandbox: Sandbox; enough: number },
): Promise<{ types: string[]; percents: readonly number[] }> {
  const percents: number[] = [];
  const types = await watch(client, id, (event) => {
    if (!('percent' in event)) return;
    percents.push(event.percent);
    if (between(percents).size >= enough) sandbox.bytesPerSecond = undefined;
  });
  return { types, percents };
}

const between = (percents: readonly number[]) =>
  new Set(percents.filter((percent) => percent > 0 && percent < 100));

describe('the client package, with the service', { timeout: 60_000 }, () => {
  it('makes a ZIP, watches it, and returns a link to it', async ({ client, sandbox }) => {
    sandbox.bytesPerSecond = WATCHABLE_BYTES_PER_SECOND;
    const { id } = await client.create([SAMPLE_NODES.largeFile, SAMPLE_NODES.textFile]);
    const { types, percents } = await watchGrowing(client, id, { sandbox, enough: 2 });
    expect(types).toEqual(['progress', 'done']);
    expect(between(percents).size).toBeGreaterThan(1);
    expect(percents).toEqual(percents.toSorted((one, other) => one - other));
    expect(percents.at(-1)).toBe(100);

    const { contentUrl } = await client.link(id);
    const zip = Buffer.from(await (await fetch(contentUrl)).arrayBuffer());
    expect((await readZip(zip)).map(({ name }) => name)).toEqual(['large.bin', 'docTest1.txt']);
    expect(await client.archiveName(id)).toBe('archive.zip');
  });

  it('can watch by polling instead', async ({ bff, user, sandbox }) => {
    sandbox.bytesPerSecond = WATCHABLE_BYTES_PER_SECOND;
    const polling = new DownloadsClient({
      baseUrl: bff.url,
      authorization: user.headers.authorization!,
      maxHeldConnections: 0,
      pace: { sharedPollMs: 50 },
    });
    const { id } = await polling.create([SAMPLE_NODES.largeFile]);
    const { types, percents } = await watchGrowing(polling, id, { sandbox, enough: 1 });
    expect(types).toEqual(['progress', 'done']);
    expect(between(percents).size).toBeGreaterThan(0);
  });

  it('cancels', async ({ client, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    const { id } = await client.create([SAMPLE_NODES.largeFile]);
    const types = await watch(client, id, async ({ type }) => {
      if (type !== 'progress') return;
      await client.cancel(id);
      sandbox.bytesPerSecond = undefined;
    });
    expect(types.at(-1)).toBe('cancelled');
  });

  itStallsSoon(
    'reports a crash as stalled, and the clean-up as gone',
    async ({ client, sandbox }) => {
      const { id } = await client.create([SAMPLE_NODES.crashingFile]);
      const types = await watch(client, id, async ({ type }) => {
        if (type !== 'stalled') return;
        await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
      });
      expect(types).toEqual(['progress', 'stalled', 'gone']);
    },
  );

  it('removes for good', async ({ client, sandbox }) => {
    const { id } = await client.create([SAMPLE_NODES.textFile]);
    await client.remove(id);
    expect(sandbox.downloadIds()).not.toContain(id);
    expect(await watch(client, id)).toEqual(['gone']);
    const { downloads } = await client.list();
    expect(downloads.map((download) => download.id)).not.toContain(id);
  });

  it('cannot use the downloads of others', async ({ client, bff }) => {
    const { id } = await client.create([SAMPLE_NODES.textFile]);
    const zoe = new DownloadsClient({ baseUrl: bff.url, authorization: basic(CALLERS.zoe) });
    await expect(watch(zoe, id)).rejects.toBeInstanceOf(DownloadsProblem);
    await expect(zoe.get(id)).rejects.toHaveProperty('problem.code', 'FORBIDDEN');
    expect((await zoe.list()).downloads).toEqual([]);
  });

  it('requests a challenge that opens no browser login window', async ({ bff }) => {
    const stranger = new DownloadsClient({ baseUrl: bff.url, authorization: 'Basic eDp4' });
    await expect(stranger.list()).rejects.toHaveProperty('problem.status', 401);
    const headers = { 'X-Requested-With': 'XMLHttpRequest' };
    const refused = await rawRequest(bff.port, { path: '/downloads', headers });
    expect(refused.headers['www-authenticate']).toMatch(/^xBasic /);
  });
});
