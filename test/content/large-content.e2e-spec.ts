import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { RecordedRequest, Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { RequestLog } from '../harness/request-log.js';
import { openContent } from './streamed-content.js';

const MIB = 1_048_576;

const log = new RequestLog();

/** Tests with a ZIP that does not fit into all buffers on the way. */
const it = configured({ sandbox: { largeFileBytes: 160 * MIB }, onLine: log.add })
  .extend('alice', { scope: 'file' }, ({ bff }) => DownloadsApi.ofBff(bff.url))
  .extend('id', { scope: 'file' }, async ({ alice, runningSandbox }) => {
    const id = await alice.createFinished([SAMPLE_NODES.largeFile]);
    // The set-up must not count as requests of the first test.
    runningSandbox.clearRequests();
    return id;
  });

const contentRequest = (sandbox: Sandbox): RecordedRequest | undefined =>
  sandbox.requests.findLast(({ url }) => url.endsWith('/content'));

const untilAborted = (sandbox: Sandbox) =>
  until(
    () => contentRequest(sandbox)!.aborted,
    (isAborted) => isAborted,
  );

describe('a large ZIP', () => {
  it('frees the connection to Alfresco when the client disconnects', async ({
    sandbox,
    alice,
    id,
  }) => {
    const body = await openContent(alice, id);
    await new Promise((resolve) => body.once('readable', resolve));
    expect(sandbox.activeResponses).toBe(1);
    body.destroy();
    await until(
      () => sandbox.activeResponses,
      (count) => count === 0,
    );
    expect(contentRequest(sandbox)!.aborted).toBe(true);
  });

  it('also frees the connection when the client disconnects before the first byte', async ({
    sandbox,
    alice,
    id,
  }) => {
    sandbox.fail({ kind: 'hang' }, { path: /\/content$/ });
    const abort = new AbortController();
    const response = alice.request('GET', `/downloads/${id}/content`, { signal: abort.signal });
    await until(
      () => contentRequest(sandbox),
      (request) => request !== undefined,
    );
    abort.abort();
    await expect(response).rejects.toThrow();
    await untilAborted(sandbox);
  });

  it('is not requested when the client disconnects while the download is looked up', async ({
    sandbox,
    alice,
    id,
  }) => {
    sandbox.fail({ kind: 'delay', ms: 300 }, { path: /\/nodes\/[^/]+$/ });
    const abort = new AbortController();
    const response = alice.request('GET', `/downloads/${id}/content`, {
      headers: { 'x-request-id': 'looked-up' },
      signal: abort.signal,
    });
    await until(
      () => sandbox.requests.length,
      (count) => count === 1,
    );
    abort.abort();
    await expect(response).rejects.toThrow();
    await log.line('looked-up');
    await until(
      () => sandbox.requests[0]!.endedAt,
      (endedAt) => endedAt !== undefined,
    );
    // The response to a later request shows that the first one has been processed.
    await alice.request('HEAD', `/downloads/${id}/content`);
    expect(contentRequest(sandbox)).toBeUndefined();
  });

  it('is read from Alfresco no faster than the client reads it', async ({ sandbox, alice, id }) => {
    const body = await openContent(alice, id);
    body.pause();
    const sent = () => contentRequest(sandbox)!.bytesSent;
    // Once the buffers on the way are full, nothing more may be read.
    await until(
      async () => {
        const before = sent();
        await sleep(300);
        return sent() - before;
      },
      (moved) => moved === 0,
    );
    const before = sent();
    expect(before).toBeLessThan(64 * MIB);
    body.resume();
    await until(sent, (bytes) => bytes > before + 64 * MIB);
    body.destroy();
  });
});
