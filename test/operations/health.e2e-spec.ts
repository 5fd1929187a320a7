import { startBff } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { RedisServer } from '../harness/redis-server.js';
import { requirePrograms } from '../harness/programs.js';

const CLOSED = { read: 'closed', write: 'closed', content: 'closed', login: 'closed' };
const UP = { status: 'up' };
const DOWN = { status: 'down' };

/** A separate service, whose breakers stay open just long enough to be seen. */
const it = configured({
  variables: { STATUS_FRESHNESS_MS: '0' },
  pacing: {
    breaker: { firstMs: 300, longestMs: 300 },
    retry: { firstMs: 1, longestMs: 5 },
    health: { rememberMs: 0 },
  },
});

async function ready({ url }: { readonly url: string }) {
  const response = await fetch(`${url}/health/ready`);
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as { readonly status?: string },
  };
}

const live = async ({ url }: { readonly url: string }) =>
  (await fetch(`${url}/health/live`)).status;

describe('/health/ready', () => {
  it('is 200 when everything works', async ({ bff }) => {
    expect(await ready(bff)).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { store: UP, alfresco: UP, breakers: { ...UP, ...CLOSED } } },
    });
  });

  it('is 503 when Alfresco is not ready, while the process is live', async ({ bff, sandbox }) => {
    sandbox.ready = false;
    expect(await ready(bff)).toMatchObject({
      status: 503,
      retryAfter: '5',
      body: { code: 'ALFRESCO_UNAVAILABLE', details: { store: UP, alfresco: DOWN, breakers: UP } },
    });
    expect(await live(bff)).toBe(200);
    sandbox.ready = true;
    expect((await ready(bff)).status).toBe(200);
  });

  it('calls Alfresco once for concurrent probes, and caches the result for a second', async ({
    runningSandbox,
  }) => {
    const bff = await startBff(runningSandbox.url);
    try {
      runningSandbox.clearRequests();
      runningSandbox.fail({ kind: 'delay', ms: 300 }, { path: /probes/ });
      const found = await Promise.all(Array.from({ length: 50 }, () => ready(bff)));
      expect(new Set(found.map(({ status }) => status))).toEqual(new Set([200]));
      await ready(bff);
      expect(runningSandbox.requests).toHaveLength(1);
    } finally {
      await bff.close();
    }
  });

  it('is 503 when the store is down, while the process is live', async ({
    runningSandbox,
    skip,
  }) => {
    requirePrograms({ skip }, 'redis-server');
    const redis = new RedisServer();
    await redis.start();
    const bff = await startBff(
      runningSandbox.url,
      { STORE_URL: redis.url },
      { pacing: { health: { rememberMs: 0 } } },
    );
    try {
      expect((await ready(bff)).status).toBe(200);
      await redis.dispose();
      expect(await ready(bff)).toMatchObject({
        status: 503,
        body: { code: 'STORE_UNAVAILABLE', details: { store: DOWN, alfresco: UP, breakers: UP } },
      });
      expect(await live(bff)).toBe(200);
    } finally {
      await bff.close();
      await redis.dispose();
    }
  });

  it('lists the requests that breakers block, until one succeeds again', async ({
    bff,
    sandbox,
    api,
  }) => {
    const id = await api.startStuck();
    const statusOf = async () => (await api.request('GET', `/downloads/${id}`)).status;
    sandbox.fail({ kind: 'reset' }, { path: /\/downloads\//, times: Infinity });
    const degraded = await until(
      async () => {
        await statusOf();
        return ready(bff);
      },
      ({ body }) => body.status !== 'ok',
    );
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
    expect(await statusOf()).toBe(503);
    sandbox.clearFaults();
    await until(statusOf, (status) => status === 200);
    expect((await ready(bff)).body).toMatchObject({ status: 'ok' });
  });

  it('discloses no addresses, users or reasons', async () => {
    const bff = await startBff('http://127.0.0.1:9/alfresco');
    const { status, body } = await ready(bff);
    await bff.close();
    expect(status).toBe(503);
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|ECONNREFUSED|downloads-service/);
  });
});
