import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { DownloadsApi } from '../harness/api.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';

const STALL_MS = 300;
/** Number of jobs that Alfresco runs at a time. */
const JOBS = 8;

const service = (pendingStallMs: number) =>
  configured({
    variables: {
      STATUS_FRESHNESS_MS: '20',
      STALL_AFTER_MS: String(STALL_MS),
      PENDING_STALL_AFTER_MS: String(pendingStallMs),
    },
    pacing: { polling: { fastestMs: 20, slowestMs: 100 } },
  });

const it = service(60_000);
const withEarlyStall = service(900);

/** Keeps Alfresco's queue full until `bytesPerSecond` is changed. */
async function fillQueue(api: DownloadsApi, sandbox: Sandbox): Promise<void> {
  sandbox.bytesPerSecond = 0;
  const ids = await Promise.all(
    Array.from({ length: JOBS }, () =>
      api.start([SAMPLE_NODES.textFile, SAMPLE_NODES.secondTextFile]),
    ),
  );
  for (const id of ids) await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
}

/** Opens the events of a download. */
async function watch(api: DownloadsApi, id: string) {
  const abort = new AbortController();
  const response = await api.request('GET', `/downloads/${id}/events`, { signal: abort.signal });
  let text = '';
  const ended = (async () => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
  })().catch(() => {});
  return {
    ended,
    close: () => abort.abort(),
    names: () => [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name),
    data: () => [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json!) as object),
  };
}

const deliver = (api: DownloadsApi, nodeId: string) =>
  api.request('POST', '/downloads/content', {
    body: JSON.stringify({ nodeIds: [nodeId] }),
    headers: { 'content-type': 'application/json' },
  });

describe('a download that is PENDING', () => {
  it('has not stalled while others are ahead of it', async ({ api, sandbox }) => {
    await fillQueue(api, sandbox);
    const id = await api.start([SAMPLE_NODES.textFile]);
    const events = await watch(api, id);
    await sleep(3 * STALL_MS);
    expect(events.names()).toEqual(['progress']);
    sandbox.bytesPerSecond = undefined;
    await events.ended;
    expect(events.names()).not.toContain('stalled');
    expect(events.names().at(-1)).toBe('done');
  });

  it('keeps POST /downloads/content waiting', async ({ api, sandbox }) => {
    await fillQueue(api, sandbox);
    const others = sandbox.downloadIds().length;
    const response = deliver(api, SAMPLE_NODES.textFile);
    await until(
      () => sandbox.downloadIds().length,
      (count) => count > others,
    );
    const early = await Promise.race([response.then(() => 'early'), sleep(3 * STALL_MS, 'none')]);
    expect(early).toBe('none');
    sandbox.bytesPerSecond = undefined;
    expect((await response).status).toBe(200);
    await (await response).arrayBuffer();
  });

  it('stalls STALL_AFTER_MS after becoming IN_PROGRESS', async ({ api }) => {
    const events = await watch(api, await api.start([SAMPLE_NODES.crashingFile]));
    await until(events.names, (names) => names.includes('stalled'));
    expect(events.data().at(-1)).toMatchObject({ entry: { status: 'IN_PROGRESS' } });
    events.close();
    const response = await deliver(api, SAMPLE_NODES.crashingFile);
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      code: 'ALFRESCO_TIMEOUT',
      detail: expect.stringContaining('has stopped working') as string,
    });
  });

  withEarlyStall('has stalled after PENDING_STALL_AFTER_MS', async ({ api }) => {
    const startedAt = Date.now();
    const events = await watch(api, await api.start([SAMPLE_NODES.unreadableContentFile]));
    await until(events.names, (names) => names.includes('stalled'));
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(900);
    expect(events.data().at(-1)).toMatchObject({
      entry: { status: 'PENDING' },
      unchangedSince: expect.any(String) as string,
    });
    events.close();
  });

  withEarlyStall(
    'makes POST /downloads/content report that Alfresco has not begun it',
    async ({ api }) => {
      const response = await deliver(api, SAMPLE_NODES.unreadableContentFile);
      expect(response.status).toBe(504);
      expect(await response.json()).toMatchObject({
        code: 'ALFRESCO_TIMEOUT',
        detail: expect.stringContaining('has not started') as string,
      });
    },
  );
});
