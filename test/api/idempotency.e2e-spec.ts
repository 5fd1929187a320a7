import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, startBff } from '../harness/bff.js';
import { createCaller } from '../harness/callers.js';
import { it } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';

interface PostResponse {
  status: number;
  body: { entry?: { id: string }; code?: string };
  headers: Headers;
}

const { textFile, secondTextFile } = SAMPLE_NODES;

async function post(
  api: DownloadsApi,
  key: string,
  nodeIds: readonly string[],
): Promise<PostResponse> {
  const response = await api.request('POST', '/downloads', {
    body: JSON.stringify({ nodeIds }),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  return {
    status: response.status,
    body: (await response.json()) as PostResponse['body'],
    headers: response.headers,
  };
}

/** Requests for new downloads that have reached Alfresco in this test. */
const posts = ({ requests }: Sandbox) =>
  requests.filter(({ method, url }) => method === 'POST' && url.endsWith('/downloads'));

/** Holds Alfresco's next response to a POST after its first byte, until it is released. */
function holdPost(sandbox: Sandbox): { release(): void } {
  const fault = { kind: 'drip' as const, bytesPerSecond: 0 };
  sandbox.fail(fault, { method: 'POST' });
  return { release: () => (fault.bytesPerSecond = 1_000_000) };
}

describe('Idempotency-Key', () => {
  it('gives the same response to a retry, with one download in Alfresco', async ({
    api,
    sandbox,
  }) => {
    const key = `"${randomUUID()}"`;
    const first = await post(api, key, [textFile]);
    expect(first.status).toBe(202);
    await api.waitUntilFinished(first.body.entry!.id);
    const second = await post(api, key, [textFile]);
    expect(second.status).toBe(202);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(posts(sandbox)).toHaveLength(1);
  });

  it('is the same key with and without quotes', async ({ api }) => {
    const key = randomUUID();
    const first = await post(api, `"${key}"`, [textFile]);
    expect((await post(api, key, [textFile])).body).toEqual(first.body);
  });

  it('treats the same nodes in another spelling as equal', async ({ api }) => {
    const key = randomUUID();
    const first = await post(api, key, [textFile]);
    expect((await post(api, key, [textFile.toUpperCase()])).body).toEqual(first.body);
  });

  it('is rejected with other nodes', async ({ api, sandbox }) => {
    const key = randomUUID();
    await post(api, key, [textFile]);
    const other = await post(api, key, [textFile, secondTextFile]);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(posts(sandbox)).toHaveLength(1);
  });

  it('belongs to its caller: with another caller the same key makes another download', async ({
    api,
    bff,
  }) => {
    const key = randomUUID();
    const own = await post(api, key, [textFile]);
    const other = new DownloadsApi(bff.url, createCaller().headers);
    const foreign = await post(other, key, [secondTextFile]);
    expect(foreign.status).toBe(202);
    expect(foreign.body.entry!.id).not.toBe(own.body.entry!.id);
  });

  it('is rejected with 409 while the first request with it is in progress', async ({
    api,
    sandbox,
  }) => {
    const key = randomUUID();
    const held = holdPost(sandbox);
    const running = post(api, key, [textFile]);
    await until(
      () => posts(sandbox).length,
      (count) => count === 1,
    );
    const early = await post(api, key, [textFile]);
    expect(early).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_USE' } });
    expect(early.headers.get('retry-after')).toBe('1');
    held.release();
    const first = await running;
    expect(first.status).toBe(202);
    expect((await post(api, key, [textFile])).body).toEqual(first.body);
    expect(posts(sandbox)).toHaveLength(1);
  });

  it.for([
    ['refused', SAMPLE_NODES.forbiddenFile, 403],
    ['not valid', '..', 400],
  ] as const)(
    'is free again after a request that was %s',
    async ([_what, nodeId, status], { api }) => {
      const key = randomUUID();
      expect((await post(api, key, [nodeId])).status).toBe(status);
      expect((await post(api, key, [textFile])).status).toBe(202);
    },
  );

  it('is free again after a failure of Alfresco', async ({ api, sandbox }) => {
    const key = randomUUID();
    sandbox.fail({ kind: 'status', status: 500 }, { method: 'POST' });
    expect((await post(api, key, [textFile])).status).toBe(502);
    expect((await post(api, key, [textFile])).status).toBe(202);
  });

  it.for<[string, (id: string, api: DownloadsApi, alfresco: DownloadsApi) => Promise<unknown>]>([
    ['its caller has removed it', (id, api) => api.request('DELETE', `/nodes/${id}`)],
    ['Alfresco has removed it', (id, _api, alfresco) => alfresco.request('DELETE', `/nodes/${id}`)],
    [
      'Alfresco has removed it, and the service knows',
      async (id, api, alfresco) => {
        await alfresco.request('DELETE', `/nodes/${id}`);
        expect((await api.request('GET', `/downloads/${id}`)).status).toBe(404);
      },
    ],
  ])(
    'makes one new download when the first one no longer exists: %s',
    async ([_what, remove], { api, sandbox }) => {
      const key = randomUUID();
      const { body } = await post(api, key, [textFile]);
      await remove(body.entry!.id, api, DownloadsApi.ofAlfresco(sandbox.url));
      const responses = await Promise.all(
        Array.from({ length: 10 }, () => post(api, key, [textFile])),
      );
      const made = new Set(responses.flatMap((response) => response.body.entry?.id ?? []));
      expect(made.size).toBe(1);
      expect(made).not.toContain(body.entry!.id);
      expect(responses.every(({ status }) => status === 202 || status === 409)).toBe(true);
      expect((await post(api, key, [textFile])).body.entry!.id).toBe([...made][0]);
    },
  );

  it('also responds to a retry while Alfresco fails', async ({ api, sandbox }) => {
    const key = randomUUID();
    const first = await post(api, key, [textFile]);
    sandbox.fail({ kind: 'status', status: 503 }, { method: 'GET' });
    expect((await post(api, key, [textFile])).body).toEqual(first.body);
  });

  it.for(['', '""', '"unfinished', 'a b', 'ä', 'x'.repeat(256), '"a"b"'])(
    'is rejected, naming the header, when it is %j',
    async (key, { api, sandbox }) => {
      const response = await post(api, Buffer.from(key).toString('latin1'), [textFile]);
      expect(response).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED', errors: [{ parameter: 'Idempotency-Key' }] },
      });
      expect(posts(sandbox)).toHaveLength(0);
    },
  );

  it('makes one download for fifty concurrent requests to two services that share a store', async ({
    sandbox,
  }) => {
    const directory = await mkdtemp(join(tmpdir(), 'idempotency-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const store = { STORE_URL: `sqlite:${join(directory, 'downloads.db')}` };
    const services = await Promise.all([
      startBff(sandbox.url, store),
      startBff(sandbox.url, store),
    ]);
    onTestFinished(async () => {
      for (const service of services) await service.close();
    });
    const key = randomUUID();
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        post(new DownloadsApi(services[index % 2]!.url, AS_ALICE), key, [textFile]),
      ),
    );
    const made = new Set(
      responses.filter(({ status }) => status === 202).map(({ body }) => body.entry!.id),
    );
    expect(made.size).toBe(1);
    expect(responses.every(({ status }) => status === 202 || status === 409)).toBe(true);
    expect(posts(sandbox)).toHaveLength(1);
  });
});
