import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { RedisServer } from '../harness/redis-server.js';
import { needsTools } from '../harness/tools.js';

const CLOSED = { read: 'closed', write: 'closed', content: 'closed', login: 'closed' };
const UP = { status: 'up' };
const DOWN = { status: 'down' };

let sandbox: Sandbox;
let bff: Bff;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterEach(async () => {
  sandbox.clearFaults();
  sandbox.ready = true;
  await bff.close();
});
afterAll(() => sandbox.close());

async function ready(): Promise<{ status: number; retryAfter: string | null; body: object }> {
  const answer = await fetch(`${bff.url}/health/ready`);
  return {
    status: answer.status,
    retryAfter: answer.headers.get('retry-after'),
    body: (await answer.json()) as object,
  };
}

const live = async () => (await fetch(`${bff.url}/health/live`)).status;

describe('readiness', () => {
  it('tells that all is well', async () => {
    bff = await startBff(sandbox.url);
    expect(await ready()).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { store: UP, alfresco: UP, breakers: { ...UP, ...CLOSED } } },
    });
  });

  it('tells that it is Alfresco that is not ready, and the process lives on', async () => {
    bff = await startBff(sandbox.url);
    sandbox.ready = false;
    expect(await ready()).toMatchObject({
      status: 503,
      retryAfter: '5',
      body: { code: 'ALFRESCO_UNAVAILABLE', details: { store: UP, alfresco: DOWN, breakers: UP } },
    });
    expect(await live()).toBe(200);
    sandbox.ready = true;
    expect((await ready()).status).toBe(200);
  });

  it('tells that it is the store', async (context) => {
    needsTools(context, 'redis-server');
    const redis = new RedisServer();
    await redis.start();
    bff = await startBff(sandbox.url, { STORE_URL: redis.url });
    expect((await ready()).status).toBe(200);
    await redis.dispose();
    expect(await ready()).toMatchObject({
      status: 503,
      body: { code: 'STORE_UNAVAILABLE', details: { store: DOWN, alfresco: UP, breakers: UP } },
    });
    expect(await live()).toBe(200);
  });

  it('tells which requests are kept from Alfresco, until one of them gets through again', async () => {
    bff = await startBff(sandbox.url, { STATUS_FRESHNESS_MS: '0' });
    const api = DownloadsApi.ofBff(bff.url);
    const id = await api.start([SAMPLE_NODES.crashingFile]);
    await api.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    const look = async () => (await api.request('GET', `/downloads/${id}`)).status;
    sandbox.fail({ kind: 'reset' }, { path: /\/downloads\//, times: Infinity });
    await until(look, (status) => status === 503);
    const degraded = await ready();
    expect(degraded).toMatchObject({
      status: 200,
      body: {
        status: 'degraded',
        details: {
          store: UP,
          alfresco: UP,
          breakers: { ...CLOSED, status: 'degraded', read: 'open' },
        },
      },
    });
    sandbox.clearFaults();
    await until(look, (status) => status === 200);
    expect((await ready()).body).toMatchObject({ status: 'ok' });
  });

  it('says nothing of addresses, users or reasons', async () => {
    bff = await startBff('http://127.0.0.1:9/alfresco');
    const { status, body } = await ready();
    expect(status).toBe(503);
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|ECONNREFUSED|downloads-service/);
  });
});
