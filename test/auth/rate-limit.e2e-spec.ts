import bcrypt from 'bcrypt';
import request from 'supertest';
import type { MockInstance } from 'vitest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, type Bff, type BffOptions, CALLERS, basic } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { type RedisProcess, startRedis } from '../harness/redis.js';
import { describeWithRedis, freePort } from '../harness/redis-server.js';
import { serviceStarter } from '../harness/service-starter.js';

const AS_ZOE = { authorization: basic(CALLERS.zoe) };
const WRONG = { authorization: basic({ name: 'alice', password: 'wrong' }) };

/** Tests that start a service each, since each needs other limits, and counters at zero. */
const it = configured({})
  .extend('start', serviceStarter)
  .extend(
    'limit',
    ({ start }) =>
      (variables: Record<string, string>, options?: BffOptions) =>
        start({ RATE_LIMIT: 'on', ...variables }, options),
  );

/** Spies on bcrypt before the service starts, because the strategies bind `compare` then. */
let compare: MockInstance<typeof bcrypt.compare>;

beforeEach(() => {
  compare = vi.spyOn(bcrypt, 'compare');
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Headers = Record<string, string>;

function getUnknown({ url }: Bff, headers: Headers) {
  return request(url).get('/downloads/unknown').set(headers);
}

/** The same from this client address, through a trusted proxy. */
function getUnknownFrom(bff: Bff, address: string, headers: Headers) {
  return getUnknown(bff, { ...headers, 'x-forwarded-for': address });
}

async function statuses(count: number, send: () => PromiseLike<{ status: number }>) {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await send()).status);
  return found;
}

describe('the limits on requests', () => {
  it('hold for each caller, and report the remaining requests', async ({ limit, sandbox }) => {
    // The minute does not advance while the clock is frozen.
    vi.useFakeTimers({ toFake: ['Date'] });
    const bff = await limit({ RATE_LIMIT_PER_CALLER: '3' });
    for (const left of [2, 1, 0]) {
      const { headers } = await getUnknown(bff, AS_ALICE).expect(404);
      expect(headers['ratelimit-policy']).toBe('"address";q=2400;w=60, "caller";q=3;w=60');
      expect(headers.ratelimit).toBe(`"address";r=${2397 + left};t=60, "caller";r=${left};t=60`);
      expect(headers['retry-after']).toBeUndefined();
    }
    sandbox.clearRequests();
    const { headers, body } = await getUnknown(bff, AS_ALICE).expect(429);
    expect(body).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 });
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers['retry-after']).toBe('60');
    expect(headers.ratelimit).toContain('"caller";r=0;');
    expect(sandbox.requests).toEqual([]);
    await getUnknown(bff, AS_ZOE).expect(404);
  });

  it('end with their minute', async ({ limit }) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const bff = await limit({ RATE_LIMIT_PER_CALLER: '1' });
    expect(await statuses(3, () => getUnknown(bff, AS_ALICE))).toEqual([404, 429, 429]);
    vi.setSystemTime(Date.now() + 61_000);
    expect(await statuses(2, () => getUnknown(bff, AS_ALICE))).toEqual([404, 429]);
  });

  it('count all routes together', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_PER_CALLER: '2' });
    const server = request(bff.url);
    await server.get('/downloads/x').set(AS_ALICE).expect(404);
    await server.head('/nodes/x/content').set(AS_ALICE).expect(404);
    await server.delete('/downloads/x').set(AS_ALICE).expect(429);
  });

  it('are lower for new ZIPs', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_CREATE: '2', API_PREFIX: 'api' });
    const create = () =>
      request(bff.url)
        .post('/api/downloads')
        .set(AS_ALICE)
        .send({ nodeIds: [SAMPLE_NODES.projectsFolder] });
    const { headers } = await create().expect(202);
    expect(headers.ratelimit).toContain('"create";r=1;');
    expect(await statuses(2, create)).toEqual([202, 429]);
    await request(bff.url).get('/api/downloads/x').set(AS_ALICE).expect(404);
  });

  it('count ZIPs in one call as new ZIPs, too', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_CREATE: '2' });
    const create = (path: string) =>
      request(bff.url)
        .post(path)
        .set(AS_ALICE)
        .send({ nodeIds: [SAMPLE_NODES.textFile] });
    await create('/downloads/content').expect(200);
    await create('/downloads').expect(202);
    await create('/downloads/content').expect(429);
  });

  it('hold for each address, before authentication', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_PER_ADDRESS: '3' });
    expect(await statuses(4, () => getUnknown(bff, {}))).toEqual([401, 401, 401, 429]);
    await getUnknown(bff, AS_ALICE).expect(429);
    expect(compare).toHaveBeenCalledTimes(0);
  });

  it('hold for each address where everyone may call', async ({ limit }) => {
    const bff = await limit({
      AUTH: 'none',
      USERS: '',
      RATE_LIMIT_PER_CALLER: '1',
      TRUST_PROXY: 'true',
    });
    await getUnknownFrom(bff, '192.0.2.1', {}).expect(404);
    await getUnknownFrom(bff, '192.0.2.1', {}).expect(429);
    await getUnknownFrom(bff, '192.0.2.2', {}).expect(404);
  });

  it.for([
    '/docs',
    '/docs/openapi.json',
    '/docs/openapi.yaml',
    '/docs/swagger-ui-bundle.js',
    '/problems',
    '/problems/DOWNLOAD_NOT_FOUND',
    '/metrics',
    '/no/such/path',
    '/downloads',
  ])('hold for each address, logged in or not: %s', async (path, { limit }) => {
    const bff = await limit({ RATE_LIMIT_PER_ADDRESS: '2', RATE_LIMIT_PER_CALLER: '1' });
    const [first, second, third] = await statuses(3, () => request(bff.url).get(path));
    expect([first, second]).not.toContain(429);
    expect(third).toBe(429);
  });

  it('do not apply to the probes', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_PER_ADDRESS: '1', RATE_LIMIT_PER_CALLER: '1' });
    for (const path of ['/health/live', '/health/ready']) {
      for (let i = 0; i < 3; i++) {
        const { headers } = await request(bff.url).get(path).expect(200);
        expect(headers.ratelimit).toBeUndefined();
      }
    }
  });

  it('of a caller do not count requests by their links', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_PER_CALLER: '10' });
    const { body } = await request(bff.url)
      .post('/downloads')
      .set(AS_ALICE)
      .send({ nodeIds: [SAMPLE_NODES.textFile] });
    const link = await request(bff.url)
      .post(`/downloads/${body.entry.id}/request-direct-access-url`)
      .set(AS_ALICE);
    const { pathname, search } = new URL(link.body.entry.contentUrl as string);
    const received = await statuses(15, () => request(bff.url).head(pathname + search));
    expect(received.filter((status) => status === 429)).toHaveLength(5);
    await getUnknown(bff, AS_ALICE).expect(404);
  });

  it('are absent with RATE_LIMIT=off', async ({ limit }) => {
    const bff = await limit({
      RATE_LIMIT: 'off',
      RATE_LIMIT_PER_CALLER: '1',
      RATE_LIMIT_FAILED_LOGINS: '1',
    });
    expect(await statuses(3, () => getUnknown(bff, WRONG))).toEqual([401, 401, 401]);
    const { headers } = await getUnknown(bff, AS_ALICE).expect(404);
    expect(headers.ratelimit).toBeUndefined();
    await getUnknown(bff, AS_ALICE).expect(404);
  });
});

describe('the address of a caller', () => {
  it('is that of the connection, whatever the caller says', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_PER_ADDRESS: '1' });
    await getUnknownFrom(bff, '192.0.2.1', AS_ALICE).expect(404);
    await getUnknownFrom(bff, '192.0.2.2', AS_ALICE).expect(429);
  });

  it.for(['true', '1', '127.0.0.1', '127.0.0.0/8,::1'])(
    'is that of the first proxy’s peer with TRUST_PROXY=%s',
    async (TRUST_PROXY, { limit }) => {
      const bff = await limit({ RATE_LIMIT_PER_ADDRESS: '1', TRUST_PROXY });
      await getUnknownFrom(bff, '192.0.2.1', AS_ALICE).expect(404);
      await getUnknownFrom(bff, '192.0.2.1', AS_ALICE).expect(429);
      await getUnknownFrom(bff, '192.0.2.2', AS_ALICE).expect(404);
    },
  );

  it.for<[string, string[]]>([
    ['a port after it', ['192.0.2.1:5000', '192.0.2.1:5001', '[2001:db8::1]:1', '[2001:db8::1]:2']],
    ['text that is not an address', ['abc', 'unknown', '"_x"', '_y']],
  ])('makes no new counter with %s', async ([, [first, second, third, fourth]], { limit }) => {
    const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '1', TRUST_PROXY: '1' });
    await getUnknownFrom(bff, first!, WRONG).expect(401);
    await getUnknownFrom(bff, second!, WRONG).expect(429);
    expect([401, 429]).toContain((await getUnknownFrom(bff, third!, WRONG)).status);
    await getUnknownFrom(bff, fourth!, WRONG).expect(429);
  });

  it('distinguishes the users of one link where everyone may call', async ({ limit }) => {
    const bff = await limit({
      AUTH: 'none',
      USERS: '',
      RATE_LIMIT_PER_CALLER: '3',
      TRUST_PROXY: 'true',
    });
    const { body } = await request(bff.url)
      .post('/downloads')
      .send({ nodeIds: [SAMPLE_NODES.textFile] });
    const link = await request(bff.url).post(
      `/downloads/${body.entry.id}/request-direct-access-url`,
    );
    const { pathname, search } = new URL(link.body.entry.contentUrl as string);
    for (let user = 0; user < 6; user += 1) {
      const response = await request(bff.url)
        .head(pathname + search)
        .set('X-Forwarded-For', `192.0.2.${user}`);
      expect(response.status).not.toBe(429);
    }
  });

  it('cannot be spoofed in front of trusted proxies', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_PER_ADDRESS: '1', TRUST_PROXY: '1' });
    await getUnknownFrom(bff, '198.51.100.1, 192.0.2.1', AS_ALICE).expect(404);
    await getUnknownFrom(bff, '198.51.100.2, 192.0.2.1', AS_ALICE).expect(429);
  });
});

describe('failed logins', () => {
  it('cost a handful of bcrypt runs, however many come at once, and never reach Alfresco', async ({
    limit,
    sandbox,
  }) => {
    const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '10' });
    const responses = await Promise.all(
      Array.from({ length: 200 }, (_, guess) =>
        getUnknown(bff, { authorization: basic({ name: 'alice', password: `guess-${guess}` }) }),
      ),
    );
    const counts = Map.groupBy(responses, ({ status }) => status);
    expect(counts.get(401)).toHaveLength(10);
    expect(counts.get(429)).toHaveLength(190);
    expect(compare).toHaveBeenCalledTimes(10);
    expect(sandbox.requests).toEqual([]);
    for (const { headers } of counts.get(429)!) {
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
  });

  it('block even the right password, without checking it', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '3' });
    expect(await statuses(4, () => getUnknown(bff, WRONG))).toEqual([401, 401, 401, 429]);
    compare.mockClear();
    const { body } = await getUnknown(bff, AS_ALICE).expect(429);
    expect(body).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(compare).toHaveBeenCalledTimes(0);
  });

  it('are forgotten after their minute', async ({ limit }) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '1' });
    expect(await statuses(2, () => getUnknown(bff, WRONG))).toEqual([401, 429]);
    vi.setSystemTime(Date.now() + 61_000);
    await getUnknown(bff, AS_ALICE).expect(404);
  });

  it('do not affect a caller who has logged in already, other names, or other addresses', async ({
    limit,
  }) => {
    const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '2', TRUST_PROXY: 'true' });
    await getUnknownFrom(bff, '192.0.2.1', AS_ALICE).expect(404);
    expect(await statuses(3, () => getUnknownFrom(bff, '192.0.2.1', WRONG))).toEqual([
      401, 401, 429,
    ]);
    await getUnknownFrom(bff, '192.0.2.1', AS_ALICE).expect(404);
    await getUnknownFrom(bff, '192.0.2.1', AS_ZOE).expect(404);
    await getUnknownFrom(bff, '192.0.2.9', WRONG).expect(401);
  });

  it('of many names are limited for their address as well', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '2' });
    let names = 0;
    const guess = () =>
      getUnknown(bff, { authorization: basic({ name: `n${names++}`, password: 'x' }) });
    expect(await statuses(12, guess)).toEqual([...Array<number>(10).fill(401), 429, 429]);
    await getUnknown(bff, AS_ALICE).expect(429);
  });

  it('do not include successful ones', async ({ limit }) => {
    const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '1' });
    const responses = await Promise.all(
      [AS_ALICE, AS_ZOE, AS_ALICE, AS_ZOE].map((as) => getUnknown(bff, as)),
    );
    expect(responses.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });
});

it('a caller who has logged in is not locked out by wrong passwords of others at their address', async ({
  limit,
}) => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const bff = await limit({ RATE_LIMIT_FAILED_LOGINS: '2' });
  await getUnknown(bff, AS_ALICE).expect(404);
  // Longer than the pair of name and address is cached.
  vi.setSystemTime(Date.now() + 61_000);
  for (let name = 0; name < 12; name += 1) {
    await getUnknown(bff, { authorization: basic({ name: `user-${name}`, password: 'x' }) });
  }
  await getUnknown(bff, AS_ZOE).expect(429);
  await getUnknown(bff, AS_ALICE).expect(404);
});

it('a caller that polls costs one bcrypt run', async ({ limit }) => {
  const bff = await limit({ RATE_LIMIT_PER_CALLER: '10000' });
  await getUnknown(bff, AS_ALICE).expect(404);
  expect(compare).toHaveBeenCalledTimes(1);
  await Promise.all(Array.from({ length: 50 }, () => getUnknown(bff, AS_ALICE).expect(404)));
  expect(compare).toHaveBeenCalledTimes(1);
});

describeWithRedis('with Redis as the store', () => {
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.flush());
  afterAll(() => redis.stop());

  it('the limits hold for all processes together, and their keys in Redis expire', async ({
    limit,
  }) => {
    const variables = {
      STORE_URL: redis.url,
      RATE_LIMIT_PER_CALLER: '4',
      RATE_LIMIT_FAILED_LOGINS: '2',
    };
    // Generous, so that Redis never times out on a busy machine.
    const pacing = { limits: { responseMs: 10_000 }, store: { responseMs: 10_000 } };
    const first = await limit(variables, { pacing });
    const second = await limit(variables, { pacing });
    const found: number[] = [];
    for (const service of [first, second, first, second, first, second]) {
      found.push((await getUnknown(service, AS_ALICE)).status);
    }
    expect(found).toEqual([404, 404, 404, 404, 429, 429]);
    const wrong = { authorization: basic({ name: CALLERS.zoe.name, password: 'x' }) };
    await getUnknown(first, wrong).expect(401);
    await getUnknown(second, wrong).expect(401);
    await getUnknown(first, AS_ZOE).expect(429);
    const lifetimes = await redis.lifetimes();
    expect(lifetimes.length).toBeGreaterThan(2);
    for (const ms of lifetimes) {
      expect(ms).toBeGreaterThan(0);
      expect(ms).toBeLessThanOrEqual(60_000);
    }
  });

  it('guesses made in parallel at several processes are checked no more often than allowed', async ({
    limit,
  }) => {
    const variables = { STORE_URL: redis.url, RATE_LIMIT_FAILED_LOGINS: '10' };
    const pacing = { limits: { responseMs: 10_000 }, store: { responseMs: 10_000 } };
    const replicas = await Promise.all([1, 2, 3].map(() => limit(variables, { pacing })));
    const found = await Promise.all(
      Array.from({ length: 90 }, (_, guess) =>
        getUnknown(replicas[guess % 3]!, {
          authorization: basic({ name: 'alice', password: `guess-${guess}` }),
        }),
      ),
    );
    expect(found.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(compare).toHaveBeenCalledTimes(10);
  });

  it('a Redis that hangs does not keep callers waiting, and counts again when it is back', async ({
    limit,
    onTestFinished,
  }) => {
    const bff = await limit(
      { STORE_URL: redis.url, RATE_LIMIT_PER_CALLER: '1000' },
      {
        pacing: {
          store: { responseMs: 300, reconnectMs: 50 },
          limits: { responseMs: 50, pauseMs: 50, reconnectMs: 50 },
        },
      },
    );
    const status = async () => (await getUnknown(bff, AS_ALICE)).status;
    await until(status, (found) => found === 404);
    redis.pause();
    onTestFinished(() => redis.resume());
    // The registry is in the same Redis; the limits add nothing to the wait for it.
    const startedAt = performance.now();
    const found = await Promise.all(Array.from({ length: 20 }, status));
    expect(found).toEqual(Array<number>(20).fill(503));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    redis.resume();
    await redis.flush();
    await until(
      async () => {
        await status();
        return redis.keys();
      },
      (keys) => keys.length > 0,
    );
  });
});

it('without Redis counting continues: each process counts for itself', async ({ limit }) => {
  const bff = await limit({
    STORE_URL: `redis://127.0.0.1:${await freePort()}`,
    RATE_LIMIT_PER_CALLER: '3',
  });
  // The registry is in the same Redis, so requests within the limit end as STORE_UNAVAILABLE.
  expect(await statuses(4, () => getUnknown(bff, AS_ALICE))).toEqual([503, 503, 503, 429]);
});
