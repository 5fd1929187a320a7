import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, CALLERS, basic, startBff } from '../harness/bff.js';

let sandbox: Sandbox;
let bff: Bff;
let alice: DownloadsApi;
let zoe: DownloadsApi;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url);
  alice = DownloadsApi.ofBff(bff.url);
  zoe = new DownloadsApi(bff.url, { authorization: basic(CALLERS.zoe) });
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.clearFaults();
  sandbox.clearRequests();
});

interface Answer {
  status: number;
  body: { entry?: { id: string }; code?: string };
  headers: Headers;
}

async function post(api: DownloadsApi, key: string, nodeIds: readonly string[]): Promise<Answer> {
  const answer = await api.request('POST', '/downloads', {
    body: JSON.stringify({ nodeIds }),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
  return {
    status: answer.status,
    body: (await answer.json()) as Answer['body'],
    headers: answer.headers,
  };
}

const inAlfresco = () => DownloadsApi.ofAlfresco(sandbox.url);
const posts = () => sandbox.requests.filter(({ method }) => method === 'POST');
const { textFile, secondTextFile } = SAMPLE_NODES;

describe('Idempotency-Key', () => {
  it('answers a repeated request as the first time, with one download in Alfresco', async () => {
    const key = `"${randomUUID()}"`;
    const first = await post(alice, key, [textFile]);
    expect(first.status).toBe(202);
    await alice.finished(first.body.entry!.id);
    const second = await post(alice, key, [textFile]);
    expect(second.status).toBe(202);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect(posts()).toHaveLength(1);
  });

  it('takes the key with and without quotes for the same', async () => {
    const key = randomUUID();
    const first = await post(alice, `"${key}"`, [textFile]);
    expect((await post(alice, key, [textFile])).body).toEqual(first.body);
  });

  it('takes the same nodes in another spelling for the same', async () => {
    const key = randomUUID();
    const first = await post(alice, key, [textFile]);
    expect((await post(alice, key, [textFile.toUpperCase()])).body).toEqual(first.body);
  });

  it('refuses the key for other nodes', async () => {
    const key = randomUUID();
    await post(alice, key, [textFile]);
    const other = await post(alice, key, [textFile, secondTextFile]);
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(posts()).toHaveLength(1);
  });

  it('is a key of its caller', async () => {
    const key = randomUUID();
    const [own, foreign] = [
      await post(alice, key, [textFile]),
      await post(zoe, key, [secondTextFile]),
    ];
    expect(foreign.status).toBe(202);
    expect(foreign.body.entry!.id).not.toBe(own.body.entry!.id);
  });

  it('says that the request is being carried out', async () => {
    const key = randomUUID();
    sandbox.fail({ kind: 'delay', ms: 500 }, { method: 'POST' });
    const slow = post(alice, key, [textFile]);
    await vi.waitUntil(() => posts().length === 1);
    const early = await post(alice, key, [textFile]);
    expect(early).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_KEY_IN_USE' } });
    expect(early.headers.get('retry-after')).toBe('1');
    const first = await slow;
    expect((await post(alice, key, [textFile])).body).toEqual(first.body);
    expect(posts()).toHaveLength(1);
  });

  it.each([
    ['refused', [SAMPLE_NODES.forbiddenFile], 403],
    ['not valid', ['..'], 400],
  ])('is free again after a request that was %s', async (_what, nodeIds, status) => {
    const key = randomUUID();
    expect((await post(alice, key, nodeIds)).status).toBe(status);
    expect((await post(alice, key, [textFile])).status).toBe(202);
  });

  it('is free again after a failure of Alfresco', async () => {
    const key = randomUUID();
    sandbox.fail({ kind: 'status', status: 500 }, { method: 'POST' });
    expect((await post(alice, key, [textFile])).status).toBe(502);
    expect((await post(alice, key, [textFile])).status).toBe(202);
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['its caller has removed it', (id) => alice.request('DELETE', `/nodes/${id}`)],
    ['Alfresco has removed it', (id) => inAlfresco().request('DELETE', `/nodes/${id}`)],
    [
      'Alfresco has removed it and the service has noticed',
      async (id) => {
        await inAlfresco().request('DELETE', `/nodes/${id}`);
        expect((await alice.request('GET', `/downloads/${id}`)).status).toBe(404);
      },
    ],
  ])('never names a download that is no more, but makes another one: %s', async (_what, remove) => {
    const key = randomUUID();
    const { body } = await post(alice, key, [textFile]);
    await remove(body.entry!.id);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => post(alice, key, [textFile])),
    );
    const made = new Set(answers.flatMap((answer) => answer.body.entry?.id ?? []));
    expect(made.size).toBe(1);
    expect(made).not.toContain(body.entry!.id);
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
    expect((await post(alice, key, [textFile])).body.entry!.id).toBe([...made][0]);
  });

  it('answers a repeated request also while Alfresco fails', async () => {
    const key = randomUUID();
    const first = await post(alice, key, [textFile]);
    sandbox.fail({ kind: 'status', status: 503 }, { method: 'GET' });
    expect((await post(alice, key, [textFile])).body).toEqual(first.body);
  });

  it.each(['', '""', '"unfinished', 'a b', 'ä', 'x'.repeat(256), '"a"b"'])(
    'refuses %j as a key, naming the header',
    async (key) => {
      const answer = await post(alice, Buffer.from(key).toString('latin1'), [textFile]);
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'VALIDATION_FAILED', errors: [{ parameter: 'Idempotency-Key' }] },
      });
      expect(posts()).toHaveLength(0);
    },
  );

  it('makes one download of fifty requests at once, over two services that share a store', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'idempotency-'));
    const store = { STORE_URL: `sqlite:${join(directory, 'downloads.db')}` };
    const services = [await startBff(sandbox.url, store), await startBff(sandbox.url, store)];
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        post(DownloadsApi.ofBff(services[index % 2]!.url), key, [textFile]),
      ),
    );
    const made = new Set(
      answers.filter(({ status }) => status === 202).map(({ body }) => body.entry!.id),
    );
    expect(made.size).toBe(1);
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
    expect(posts()).toHaveLength(1);
    for (const service of services) await service.close();
    await rm(directory, { recursive: true });
  });
});
