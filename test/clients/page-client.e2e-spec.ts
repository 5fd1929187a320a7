import {
  type DownloadEvent,
  DownloadsClient,
  DownloadsProblem,
} from '../../demo/page/downloads-client.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, CALLERS, basic, startBff } from '../harness/bff.js';
import { rawRequest } from '../harness/raw-http.js';
import { readZip } from '../harness/zip.js';

let sandbox: Sandbox;
let bff: Bff;
let client: DownloadsClient;
beforeAll(async () => {
  sandbox = await startSandbox({ largeFileBytes: 60_000_000 });
  bff = await startBff(sandbox.url, { STALL_AFTER_MS: '1000' });
  client = new DownloadsClient({ baseUrl: bff.url, authorization: AS_ALICE.authorization });
});
afterEach(() => {
  sandbox.bytesPerSecond = undefined;
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

/** Watches to the end, or until `onEvent` says true. */
async function watch(
  id: string,
  onEvent: (event: DownloadEvent) => unknown = () => false,
  watcher = client,
): Promise<string[]> {
  const types: string[] = [];
  for await (const event of watcher.watch(id)) {
    if (types.at(-1) !== event.type) types.push(event.type);
    if ((await onEvent(event)) === true) break;
  }
  return types;
}

describe('the client of the demo’s page, with the service', () => {
  it('makes a ZIP, watches it, and gives a link to it', async () => {
    sandbox.bytesPerSecond = 40_000_000;
    const { id } = await client.create([SAMPLE_NODES.largeFile, SAMPLE_NODES.textFile]);
    const percents: number[] = [];
    const types = await watch(id, (event) => 'percent' in event && percents.push(event.percent));
    expect(types).toEqual(['progress', 'done']);
    expect(percents.filter((percent) => percent > 0 && percent < 100).length).toBeGreaterThan(1);
    expect(percents).toEqual(percents.toSorted((one, other) => one - other));
    expect(percents.at(-1)).toBe(100);

    const { contentUrl } = await client.link(id);
    const zip = Buffer.from(await (await fetch(contentUrl)).arrayBuffer());
    expect((await readZip(zip)).map(({ name }) => name)).toEqual(['large.bin', 'docTest1.txt']);
    expect(await client.archiveName(id)).toBe('archive.zip');
  });

  it('watches by asking just as well', async () => {
    sandbox.bytesPerSecond = 25_000_000;
    const asking = new DownloadsClient({
      baseUrl: bff.url,
      authorization: AS_ALICE.authorization,
      maxHeldConnections: 0,
      pace: { sharedPollMs: 100 },
    });
    const { id } = await asking.create([SAMPLE_NODES.largeFile]);
    const percents = new Set<number>();
    const see = (event: DownloadEvent) => 'percent' in event && percents.add(event.percent);
    expect(await watch(id, see, asking)).toEqual(['progress', 'done']);
    expect([...percents].filter((percent) => percent > 0 && percent < 100)).not.toEqual([]);
  });

  it('cancels', async () => {
    sandbox.bytesPerSecond = 0;
    const { id } = await client.create([SAMPLE_NODES.largeFile]);
    const types = await watch(id, async ({ type }) => {
      if (type !== 'progress') return;
      await client.cancel(id);
      sandbox.bytesPerSecond = undefined;
    });
    expect(types.at(-1)).toBe('cancelled');
  });

  it('is told of a crash as stalled, and of the clean-up as gone', async () => {
    const { id } = await client.create([SAMPLE_NODES.crashingFile]);
    const types = await watch(id, async ({ type }) => {
      if (type !== 'stalled') return;
      await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
    });
    expect(types).toEqual(['progress', 'stalled', 'gone']);
  });

  it('removes for good', async () => {
    const { id } = await client.create([SAMPLE_NODES.textFile]);
    await client.remove(id);
    expect(sandbox.downloadIds()).not.toContain(id);
    expect(await watch(id)).toEqual(['gone']);
    const { downloads } = await client.list();
    expect(downloads.map((download) => download.id)).not.toContain(id);
  });

  it('is refused the downloads of others', async () => {
    const { id } = await client.create([SAMPLE_NODES.textFile]);
    const zoe = new DownloadsClient({ baseUrl: bff.url, authorization: basic(CALLERS.zoe) });
    await expect(watch(id, undefined, zoe)).rejects.toBeInstanceOf(DownloadsProblem);
    await expect(zoe.get(id)).rejects.toHaveProperty('problem.code', 'FORBIDDEN');
    expect((await zoe.list()).downloads).toEqual([]);
  });

  it('asks for a challenge that opens no window of the browser', async () => {
    const stranger = new DownloadsClient({ baseUrl: bff.url, authorization: 'Basic eDp4' });
    await expect(stranger.list()).rejects.toHaveProperty('problem.status', 401);
    const headers = { 'X-Requested-With': 'XMLHttpRequest' };
    const { headers: answer } = await rawRequest(bff.port, { path: '/downloads', headers });
    expect(answer['www-authenticate']).toMatch(/^xBasic /);
  });
});
