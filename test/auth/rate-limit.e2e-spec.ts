import bcrypt from 'bcrypt';
import request from 'supertest';
import type { MockInstance } from 'vitest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { AS_ALICE, type Bff, CALLERS, basic, startBff } from '../harness/bff.js';
import { until } from '../harness/polling.js';
import { startRedis } from '../harness/redis.js';
import { freePort } from '../harness/redis-server.js';
import { needsTools } from '../harness/tools.js';

const AS_ZOE = { authorization: basic(CALLERS.zoe) };
const WRONG = { authorization: basic({ name: 'alice', password: 'wrong' }) };

let sandbox: Sandbox;
let bff: Bff;
/** Counts what really runs: the strategies take `compare` when the service starts. */
let compare: MockInstance<typeof bcrypt.compare>;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(() => {
  sandbox.requests.length = 0;
  compare = vi.spyOn(bcrypt, 'compare');
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await bff.close();
});
afterAll(() => sandbox.close());

async function start(more: Record<string, string> = {}): Promise<void> {
  bff = await startBff(sandbox.url, { RATE_LIMIT: 'on', ...more });
}

type Headers = Record<string, string>;

function look(headers: Headers, service = bff) {
  return request(service.url).get('/downloads/unknown').set(headers);
}

/** As from this address, where the peer of the connection is a trusted proxy. */
function lookFrom(address: string, headers: Headers) {
  return look({ ...headers, 'x-forwarded-for': address });
}

async function statuses(count: number, send: () => PromiseLike<{ status: number }>) {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await send()).status);
  return found;
}

describe('the limits on requests', () => {
  it('hold for each caller, and say what is left', async () => {
    await start({ RATE_LIMIT_PER_CALLER: '3' });
    for (const left of [2, 1, 0]) {
      const { headers } = await look(AS_ALICE).expect(404);
      expect(headers['ratelimit-policy']).toBe('"address";q=2400;w=60, "caller";q=3;w=60');
      expect(headers.ratelimit).toMatch(
        new RegExp(`^"address";r=\\d+;t=\\d+, "caller";r=${left};t=(?:60|5\\d)$`),
      );
      expect(headers['retry-after']).toBeUndefined();
    }
    sandbox.requests.length = 0;
    const { headers, body } = await look(AS_ALICE).expect(429);
    expect(body).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 });
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(Number(headers['retry-after'])).toBeGreaterThan(50);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    expect(headers.ratelimit).toContain('"caller";r=0;');
    expect(sandbox.requests).toEqual([]);
    await look(AS_ZOE).expect(404);
  });

  it('end with their minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await start({ RATE_LIMIT_PER_CALLER: '1' });
    expect(await statuses(3, () => look(AS_ALICE))).toEqual([404, 429, 429]);
    vi.setSystemTime(Date.now() + 61_000);
    expect(await statuses(2, () => look(AS_ALICE))).toEqual([404, 429]);
  });

  it('hold for all routes together', async () => {
    await start({ RATE_LIMIT_PER_CALLER: '2' });
    const server = request(bff.url);
    await server.get('/downloads/x').set(AS_ALICE).expect(404);
    await server.head('/nodes/x/content').set(AS_ALICE).expect(404);
    await server.delete('/downloads/x').set(AS_ALICE).expect(429);
  });

  it('are stricter for new ZIPs', async () => {
    await start({ RATE_LIMIT_CREATE: '2', API_PREFIX: 'api' });
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

  it('hold for each address, before anyone is asked who it is', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '3' });
    expect(await statuses(4, () => look({}))).toEqual([401, 401, 401, 429]);
    await look(AS_ALICE).expect(429);
    expect(compare).toHaveBeenCalledTimes(0);
  });

  it('hold for each address where everyone may call', async () => {
    await start({ AUTH: 'none', USERS: '', RATE_LIMIT_PER_CALLER: '1', TRUST_PROXY: 'true' });
    await lookFrom('192.0.2.1', {}).expect(404);
    await lookFrom('192.0.2.1', {}).expect(429);
    await lookFrom('192.0.2.2', {}).expect(404);
  });

  it('do not touch the probes and the docs', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '1', RATE_LIMIT_PER_CALLER: '1' });
    for (const path of ['/health/live', '/health/ready', '/docs', '/docs/openapi.json']) {
      for (let i = 0; i < 3; i++) {
        const { headers } = await request(bff.url).get(path).expect(200);
        expect(headers.ratelimit).toBeUndefined();
      }
    }
  });

  it('are not there with RATE_LIMIT=off', async () => {
    await start({ RATE_LIMIT: 'off', RATE_LIMIT_PER_CALLER: '1', RATE_LIMIT_FAILED_LOGINS: '1' });
    expect(await statuses(3, () => look(WRONG))).toEqual([401, 401, 401]);
    const { headers } = await look(AS_ALICE).expect(404);
    expect(headers.ratelimit).toBeUndefined();
    await look(AS_ALICE).expect(404);
  });
});

describe('the address of a caller', () => {
  it('is that of the connection, whatever the caller says', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '1' });
    await lookFrom('192.0.2.1', AS_ALICE).expect(404);
    await lookFrom('192.0.2.2', AS_ALICE).expect(429);
  });

  it.each(['true', '1', '127.0.0.1', '127.0.0.0/8,::1'])(
    'is that of the first proxy’s peer with TRUST_PROXY=%s',
    async (TRUST_PROXY) => {
      await start({ RATE_LIMIT_PER_ADDRESS: '1', TRUST_PROXY });
      await lookFrom('192.0.2.1', AS_ALICE).expect(404);
      await lookFrom('192.0.2.1', AS_ALICE).expect(429);
      await lookFrom('192.0.2.2', AS_ALICE).expect(404);
    },
  );

  it.each([
    [
      'a port behind it',
      ['192.0.2.1:5000', '192.0.2.1:5001', '[2001:db8::1]:1', '[2001:db8::1]:2'],
    ],
    ['no address', ['abc', 'unknown', '"_x"', '_y']],
  ])('makes no new counter with %s', async (_what, [first, second, third, fourth]) => {
    await start({ RATE_LIMIT_FAILED_LOGINS: '1', TRUST_PROXY: '1' });
    await lookFrom(first!, WRONG).expect(401);
    await lookFrom(second!, WRONG).expect(429);
    expect([401, 429]).toContain((await lookFrom(third!, WRONG)).status);
    await lookFrom(fourth!, WRONG).expect(429);
  });

  it('tells the users of one link apart where everyone may call', async () => {
    await start({ AUTH: 'none', USERS: '', RATE_LIMIT_PER_CALLER: '3', TRUST_PROXY: 'true' });
    const { body } = await request(bff.url)
      .post('/downloads')
      .send({ nodeIds: [SAMPLE_NODES.textFile] });
    const link = await request(bff.url).post(
      `/downloads/${body.entry.id}/request-direct-access-url`,
    );
    const { pathname, search } = new URL(link.body.entry.contentUrl as string);
    for (let user = 0; user < 6; user += 1) {
      const answer = await request(bff.url)
        .head(pathname + search)
        .set('X-Forwarded-For', `192.0.2.${user}`);
      expect(answer.status).not.toBe(429);
    }
  });

  it('cannot be made up in front of trusted proxies', async () => {
    await start({ RATE_LIMIT_PER_ADDRESS: '1', TRUST_PROXY: '1' });
    await lookFrom('198.51.100.1, 192.0.2.1', AS_ALICE).expect(404);
    await lookFrom('198.51.100.2, 192.0.2.1', AS_ALICE).expect(429);
  });
});

describe('failed logins', () => {
  it('a thousand at once cost a handful of bcrypt runs and never reach Alfresco', async () => {
    await start({ RATE_LIMIT_FAILED_LOGINS: '10' });
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, i) =>
        look({ authorization: basic({ name: 'alice', password: `guess-${i}` }) }),
      ),
    );
    const counts = Map.groupBy(answers, ({ status }) => status);
    expect(counts.get(401)).toHaveLength(10);
    expect(counts.get(429)).toHaveLength(990);
    expect(compare).toHaveBeenCalledTimes(10);
    expect(sandbox.requests).toEqual([]);
    for (const { headers } of counts.get(429)!) {
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
  });

  it('end even the right password’s chance, without a look at it', async () => {
    await start({ RATE_LIMIT_FAILED_LOGINS: '3' });
    expect(await statuses(4, () => look(WRONG))).toEqual([401, 401, 401, 429]);
    compare.mockClear();
    const { body } = await look(AS_ALICE).expect(429);
    expect(body).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(compare).toHaveBeenCalledTimes(0);
  });

  it('are forgotten after their minute', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await start({ RATE_LIMIT_FAILED_LOGINS: '1' });
    expect(await statuses(2, () => look(WRONG))).toEqual([401, 429]);
    vi.setSystemTime(Date.now() + 61_000);
    await look(AS_ALICE).expect(404);
  });

  it('do not disturb who is logged in already, nor other names, nor other addresses', async () => {
    await start({ RATE_LIMIT_FAILED_LOGINS: '2', TRUST_PROXY: 'true' });
    await lookFrom('192.0.2.1', AS_ALICE).expect(404);
    expect(await statuses(3, () => lookFrom('192.0.2.1', WRONG))).toEqual([401, 401, 429]);
    await lookFrom('192.0.2.1', AS_ALICE).expect(404);
    await lookFrom('192.0.2.1', AS_ZOE).expect(404);
    await lookFrom('192.0.2.9', WRONG).expect(401);
  });

  it('of many names end the attempts of their address', async () => {
    await start({ RATE_LIMIT_FAILED_LOGINS: '2' });
    let names = 0;
    const guess = () => look({ authorization: basic({ name: `n${names++}`, password: 'x' }) });
    expect(await statuses(12, guess)).toEqual([...Array<number>(10).fill(401), 429, 429]);
    await look(AS_ALICE).expect(429);
  });

  it('do not count what succeeds', async () => {
    await start({ RATE_LIMIT_FAILED_LOGINS: '1' });
    const answers = await Promise.all([AS_ALICE, AS_ZOE, AS_ALICE, AS_ZOE].map((as) => look(as)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });
});

it('a caller who polls costs one bcrypt run', async () => {
  await start({ RATE_LIMIT_PER_CALLER: '10000' });
  await look(AS_ALICE).expect(404);
  expect(compare).toHaveBeenCalledTimes(1);
  await Promise.all(Array.from({ length: 200 }, () => look(AS_ALICE).expect(404)));
  expect(compare).toHaveBeenCalledTimes(1);
});

describe('with Redis as the store', () => {
  it('the limits hold for all processes together, and Redis forgets them by itself', async (context) => {
    needsTools(context, 'redis-server');
    const redis = await startRedis();
    const limits = {
      STORE_URL: redis.url,
      RATE_LIMIT_PER_CALLER: '4',
      RATE_LIMIT_FAILED_LOGINS: '2',
    };
    await start(limits);
    const second = await startBff(sandbox.url, { RATE_LIMIT: 'on', ...limits });
    try {
      const found: number[] = [];
      for (const service of [bff, second, bff, second, bff, second]) {
        found.push((await look(AS_ALICE, service)).status);
      }
      expect(found).toEqual([404, 404, 404, 404, 429, 429]);
      await look({ authorization: basic({ name: 'zoë', password: 'x' }) }, bff).expect(401);
      await look({ authorization: basic({ name: 'zoë', password: 'x' }) }, second).expect(401);
      await look(AS_ZOE, bff).expect(429);
      const lifetimes = await redis.lifetimes();
      expect(lifetimes.length).toBeGreaterThan(2);
      for (const ms of lifetimes) {
        expect(ms).toBeGreaterThan(0);
        expect(ms).toBeLessThanOrEqual(60_000);
      }
    } finally {
      await second.close();
      await redis.stop();
    }
  });

  it('a Redis that is away does not stop the counting: each process counts for itself', async () => {
    await start({
      STORE_URL: `redis://127.0.0.1:${await freePort()}`,
      RATE_LIMIT_PER_CALLER: '3',
    });
    // The registry is in the same Redis, so what passes the limit ends as STORE_UNAVAILABLE.
    expect(await statuses(4, () => look(AS_ALICE))).toEqual([503, 503, 503, 429]);
  });

  it('a Redis that hangs does not make callers wait, and counts again when it is back', async (context) => {
    needsTools(context, 'redis-server');
    const redis = await startRedis();
    await start({ STORE_URL: redis.url, RATE_LIMIT_PER_CALLER: '1000' });
    try {
      await look(AS_ALICE).expect(404);
      redis.pause();
      // The registry is in the same Redis; the limits add nothing to its patience.
      const started = performance.now();
      await Promise.all(Array.from({ length: 20 }, () => look(AS_ALICE).expect(503)));
      expect(performance.now() - started).toBeLessThan(5_000);
      redis.resume();
      await redis.flush();
      await until(
        async () => {
          await look(AS_ALICE);
          return redis.keys();
        },
        (keys) => keys.length > 0,
        { everyMs: 200 },
      );
    } finally {
      redis.resume();
      await redis.stop();
    }
  });
});
