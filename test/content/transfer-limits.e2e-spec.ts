import { connect } from 'node:net';
import { TransferLimiter } from '#service/alfresco/content/transfer-limiter.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { createCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';

/** Limits: twelve transfers in all, three per caller, one by links to the ZIPs of one caller. */
const it = configured({
  // More than all buffers on the way can hold.
  sandbox: { largeFileBytes: 80_000_000, estimateDelayMs: 1 },
  variables: { ALFRESCO_MAX_CONNECTIONS: '16', ALFRESCO_TIMEOUT_MS: '1000' },
})
  .extend('owner', { scope: 'file' }, async ({ bff }) => {
    const api = new DownloadsApi(bff.url, createCaller().headers);
    return { api, id: await api.createFinished([SAMPLE_NODES.largeFile]) };
  })
  .extend('link', async ({ owner: { api, id } }) => {
    const response = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
    const { entry } = (await response.json()) as { entry: { contentUrl: string } };
    return entry.contentUrl;
  })
  .extend('transfers', ({ bff }) => ({
    active: () => bff.app.get(TransferLimiter).activeTransfers,
    none: () =>
      until(
        () => bff.app.get(TransferLimiter).activeTransfers,
        (active) => active === 0,
      ),
  }));

it.afterEach(({ transfers }) => transfers.none());

/** Makes this many concurrent requests, and reads none of the responses. */
async function unread(count: number, url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const responses = await Promise.all(
    Array.from({ length: count }, () => fetch(url, { headers, signal: abort.signal })),
  );
  return {
    // `disconnect` keeps the responses alive: one that is garbage-collected is cancelled.
    statuses: responses.map(({ status }) => status),
    disconnect: async () => {
      abort.abort();
      for (const { body } of responses) await body?.cancel().catch(() => {});
    },
  };
}

describe('a signed link that many follow at once', () => {
  it('leaves the other transfers to other callers, and to the caller who made it', async ({
    api,
    owner,
    link,
    transfers,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const { statuses, disconnect } = await unread(30, link);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 429)).toHaveLength(29);
    expect(transfers.active()).toBe(1);
    await api.content(id);
    const range = { headers: { range: 'bytes=0-9' } };
    const { status } = await owner.api.request('GET', `/downloads/${owner.id}/content`, range);
    expect(status).toBe(206);
    await disconnect();
  });

  it('uses one transfer for a hundred requests on one connection', async ({
    bff,
    api,
    link,
    transfers,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const { pathname, search } = new URL(link);
    const socket = connect(bff.port, '127.0.0.1').pause();
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(120));
    await until(transfers.active, (active) => active === 1);
    await api.content(id);
    expect(transfers.active()).toBe(1);
    socket.destroy();
  });
});

describe('a caller who saves many ZIPs at once', () => {
  it('leaves the other transfers to other callers', async ({ bff, api, owner, transfers }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const url = `${bff.url}/downloads/${owner.id}/content`;
    const { statuses, disconnect } = await unread(20, url, owner.api.headers);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(17);
    expect(transfers.active()).toBe(3);
    await api.content(id);
    await disconnect();
  });
});
