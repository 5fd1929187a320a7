import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import request from 'supertest';
import { TICKET_TTL_MS } from '#service/auth/tickets/tickets.service.js';
import { SAMPLE_NODES, SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { CALLERS, SERVICE_ACCOUNT, basic, users } from '../harness/bff.js';
import { type TestCaller, createCaller } from '../harness/callers.js';
import { configured, it as defaultTest } from '../harness/fixtures.js';
import { IdentityProvider } from '../harness/identity-provider.js';
import { processStarter } from '../harness/process-starter.js';
import { rawRequest } from '../harness/raw-http.js';
import { RedisServer, describeWithRedis } from '../harness/redis-server.js';
import { RequestLog } from '../harness/request-log.js';
import { serviceStarter } from '../harness/service-starter.js';

const PUBLIC = '/alfresco/api/-default-/public';
const API = `${PUBLIC}/alfresco/versions/1`;
const TICKETS = `${PUBLIC}/authentication/versions/1/tickets`;
const API_PREFIX = API.slice(1);
/** As Alfresco has it. */
const CHALLENGE = 'AlfTicket realm="Alfresco -default- tenant"';

/** The same hashes for every process. */
const USERS_OF_TODAY = users('alice', 'zoe');

type OperationObject = NonNullable<OpenAPIObject['paths'][string]['get']>;

type Credentials = Pick<TestCaller, 'name' | 'password'>;

const log = new RequestLog();

const it = configured({ variables: { API_PREFIX }, onLine: log.add })
  .extend('start', serviceStarter)
  .extend('startProcess', processStarter)
  .extend('directory', async ({ task }, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), `${task.id}-`));
    onCleanup(() => rm(directory, { recursive: true }));
    return directory;
  })
  .extend('ticket', ({ bff, user }) => ticketOf(bff.url, user))
  .extend('asTicket', ({ bff, ticket }) => new DownloadsApi(bff.url + API, withTicket(ticket)));

/** Each of these tests uses a different client address. */
const limitedTest = configured({
  variables: {
    API_PREFIX,
    TRUST_PROXY: 'true',
    RATE_LIMIT: 'on',
    RATE_LIMIT_FAILED_LOGINS: '3',
  },
});

const otherPrefixTest = configured({ variables: { API_PREFIX: 'api/v1' } });

afterEach(() => {
  vi.useRealTimers();
});

function login(url: string, { name, password }: Credentials) {
  return request(url).post(TICKETS).send({ userId: name, password });
}

async function ticketOf(url: string, who: Credentials): Promise<string> {
  const { body } = await login(url, who).expect(201);
  return (body as { entry: { id: string } }).entry.id;
}

/** `Authorization` as js-api makes it of a ticket. */
function withTicket(ticket: string, form = 'ROLE_TICKET:') {
  return { authorization: `Basic ${Buffer.from(form + ticket).toString('base64')}` };
}

/** 404 if the caller is authenticated, else 401. */
function getUnknown(url: string, headers: Record<string, string>) {
  return request(url).get(`${API}/downloads/unknown`).set(headers);
}

function contentOf(id: string, ticket: string): string {
  return `${API}/nodes/${id}/content?alf_ticket=${ticket}`;
}

/** Requests a ticket with a token. */
function ticketForToken(url: string, token: string) {
  return request(url)
    .get(`${TICKETS}/-me-`)
    .set({ authorization: `Bearer ${token}` });
}

/** Variables of services that share a store. */
function shared(directory: string) {
  return {
    API_PREFIX,
    STORE_URL: `sqlite:${join(directory, 'downloads.db')}`,
    USERS: USERS_OF_TODAY,
  };
}

async function expectNoLogin(url: string, prefix: string, user: TestCaller): Promise<void> {
  await login(url, user).expect(404);
  const known = () => request(url).get(`${prefix}/downloads/unknown`);
  await known()
    .set({ ...user.headers })
    .expect(404);
  await known()
    .set(withTicket(`TICKET_${'0'.repeat(40)}`))
    .expect(401);
}

describe('POST /tickets', () => {
  it('gives a user of this service a ticket of Alfresco’s form, a new one each time', async ({
    bff,
    user,
  }) => {
    const { body, headers } = await login(bff.url, user).expect(201);
    expect(body).toEqual({
      entry: { id: expect.stringMatching(/^TICKET_[0-9a-f]{40}$/), userId: user.name },
    });
    expect(headers['cache-control']).toBe('no-store');
    expect(await ticketOf(bff.url, user)).not.toBe((body as { entry: { id: string } }).entry.id);
  });

  it('accepts every password that Basic accepts', async ({ bff }) => {
    await getUnknown(bff.url, withTicket(await ticketOf(bff.url, CALLERS.zoe))).expect(404);
  });

  it.for([
    ['a wrong password', { name: 'alice', password: 'wrong-Pa55' }],
    ['an unknown name', { name: 'mallory', password: CALLERS.alice.password }],
    ['an account of Alfresco', { name: SERVICE_ACCOUNT.id, password: SERVICE_ACCOUNT.password }],
    ['a user of Alfresco', { name: 'alice', password: SAMPLE_USERS[2]!.password }],
  ] as const)(
    'responds with 403 to %s, without calling Alfresco',
    async ([, who], { bff, sandbox }) => {
      const { body } = await login(bff.url, who).expect(403);
      expect(body).toMatchObject({
        code: 'FORBIDDEN',
        detail: 'Login failed',
        error: { statusCode: 403, briefSummary: 'Login failed' },
      });
      expect(sandbox.requests).toEqual([]);
    },
  );

  it.for<[string, unknown, string[]]>([
    ['without members', {}, ['/userId', '/password']],
    ['without a password', { userId: 'alice' }, ['/password']],
    ['with null', { userId: null, password: 'x' }, ['/userId']],
    ['with an empty name', { userId: '', password: 'x' }, ['/userId']],
    ['with a number', { userId: 'alice', password: 1 }, ['/password']],
    ['with a list', { userId: ['alice'], password: 'x' }, ['/userId']],
    ['with a name that has a colon', { userId: 'alice:x', password: 'x' }, ['/userId']],
    ['with a password that has a zero byte', { userId: 'a', password: 'x\0' }, ['/password']],
    ['with an additional member', { userId: 'a', password: 'x', ticket: 'y' }, ['/ticket']],
    ['that is a list', [], ['']],
  ])('refuses a body %s', async ([, sent, pointers], { bff }) => {
    const { body } = await request(bff.url)
      .post(TICKETS)
      .send(sent as object)
      .expect(400);
    expect(body).toMatchObject({ code: 'VALIDATION_FAILED' });
    const { errors } = body as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('is refused to pages of another origin', async ({ bff, user }) => {
    const { body } = await login(bff.url, user)
      .set({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })
      .expect(403);
    expect(body).toMatchObject({ code: 'ORIGIN_FORBIDDEN' });
  });

  limitedTest('counts wrong passwords together with those of Basic', async ({ bff, user }) => {
    const from = { 'x-forwarded-for': '192.0.2.1' };
    const wrong = { name: user.name, password: 'wrong-Pa55' };
    await login(bff.url, wrong).set(from).expect(403);
    await getUnknown(bff.url, { ...from, authorization: basic(wrong) }).expect(401);
    await login(bff.url, wrong).set(from).expect(403);
    const { body, headers } = await login(bff.url, user).set(from).expect(429);
    expect(body).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await getUnknown(bff.url, { ...from, ...user.headers }).expect(429);
    await login(bff.url, createCaller()).set(from).expect(201);
  });
});

describe('a ticket in the header', () => {
  it.for(['ROLE_TICKET:', 'role_ticket:', ':', ''])(
    'is accepted after "%s"',
    async (form, { bff, ticket }) => {
      await getUnknown(bff.url, withTicket(ticket, form)).expect(404);
    },
  );

  it('acts for the caller who logged in', async ({ bff, user, asTicket }) => {
    const id = await asTicket.createFinished([SAMPLE_NODES.textFile]);
    const another = createCaller();
    const by = (headers: Record<string, string>) =>
      request(bff.url).get(`${API}/downloads/${id}`).set(headers);
    await by({ ...user.headers }).expect(200);
    await by({ ...another.headers }).expect(403);
    await by(withTicket(await ticketOf(bff.url, another))).expect(403);
  });

  it.for([
    ['was never issued', `TICKET_${'0'.repeat(40)}`],
    ['is incomplete', 'TICKET_'],
    ['is a word', 'TICKET_undefined'],
  ] as const)('that %s gets 401 with a challenge', async ([, wrong], { bff, sandbox }) => {
    const { body, headers } = await getUnknown(bff.url, withTicket(wrong)).expect(401);
    expect(body).toMatchObject({ code: 'UNAUTHENTICATED', error: { statusCode: 401 } });
    expect(headers['www-authenticate']).toBe(CHALLENGE);
    expect(sandbox.requests).toEqual([]);
  });

  it('issued by Alfresco is rejected', async ({ bff, sandbox }) => {
    const { id, password } = SERVICE_ACCOUNT;
    const { body } = await request(sandbox.url)
      .post(TICKETS.replace(/^\/alfresco/, ''))
      .send({ userId: id, password })
      .expect(201);
    await getUnknown(bff.url, withTicket((body as { entry: { id: string } }).entry.id)).expect(401);
  });

  it('that is sent twice is rejected', async ({ bff, ticket }) => {
    const { authorization } = withTicket(ticket);
    const { status } = await rawRequest(bff.port, {
      path: `${API}/downloads/unknown`,
      headers: { Authorization: `${authorization}\r\nAuthorization: ${authorization}` },
    });
    expect(status).toBe(401);
  });

  limitedTest(
    'that has ended does not count as a failed login, however often it is sent',
    async ({ bff, user }) => {
      const from = { 'x-forwarded-for': '192.0.2.2' };
      // More than the failed logins allowed for an address.
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const ended = withTicket(`TICKET_${'1'.repeat(40)}`);
        await getUnknown(bff.url, { ...from, ...ended }).expect(401);
      }
      await login(bff.url, user).set(from).expect(201);
    },
  );

  it('lives for an hour after its last use', async ({ bff, user, ticket }) => {
    const used = await ticketOf(bff.url, user);
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + TICKET_TTL_MS * 0.75);
    await getUnknown(bff.url, withTicket(used)).expect(404);
    vi.setSystemTime(Date.now() + TICKET_TTL_MS * 0.5);
    await getUnknown(bff.url, withTicket(ticket)).expect(401);
    await getUnknown(bff.url, withTicket(used)).expect(404);
    vi.setSystemTime(Date.now() + TICKET_TTL_MS + 1);
    await getUnknown(bff.url, withTicket(used)).expect(401);
  });
});

describe('GET and DELETE /tickets/-me-', () => {
  it('return the ticket, and end this ticket only', async ({ bff, user, ticket }) => {
    const other = await ticketOf(bff.url, user);
    const me = (method: 'get' | 'delete') =>
      request(bff.url)[method](`${TICKETS}/-me-`).set(withTicket(ticket));
    const { body, headers } = await me('get').expect(200);
    expect(body).toEqual({ entry: { id: ticket } });
    expect(headers['cache-control']).toBe('no-store');
    expect((await me('delete').expect(204)).text).toBe('');
    await me('get').expect(401);
    await me('delete').expect(401);
    await getUnknown(bff.url, withTicket(ticket)).expect(401);
    await getUnknown(bff.url, withTicket(other)).expect(404);
  });

  it.for(['get', 'delete'] as const)('need a ticket: %s', async (method, { bff, user }) => {
    const me = request(bff.url)[method](`${TICKETS}/-me-`);
    const { body } = await me.set({ ...user.headers }).expect(400);
    expect(body).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ parameter: 'Authorization', detail: 'must have a ticket' }],
    });
    await request(bff.url)[method](`${TICKETS}/-me-`).expect(401);
  });

  it('accept no other ticket, and log none', async ({ bff, user, ticket }) => {
    const other = await ticketOf(bff.url, user);
    const { body } = await request(bff.url)
      .delete(`${TICKETS}/${other}`)
      .set({ ...withTicket(ticket), 'x-request-id': 'other' })
      .expect(400);
    expect(body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ parameter: 'ticket' }] });
    expect(await log.line('other')).toMatchObject({
      path: `${TICKETS}/`,
      caller: `basic:${user.name}`,
    });
    await getUnknown(bff.url, withTicket(other)).expect(404);
  });

  it('accept a ticket in the query, too', async ({ bff, ticket }) => {
    const me = `${TICKETS}/-me-?alf_ticket=${ticket}`;
    const { body } = await request(bff.url).get(me).expect(200);
    expect(body).toEqual({ entry: { id: ticket } });
    await request(bff.url).delete(me).expect(204);
    await getUnknown(bff.url, withTicket(ticket)).expect(401);
  });

  it('list their methods in Allow', async ({ bff }) => {
    const { headers } = await request(bff.url).put(`${TICKETS}/-me-`).expect(405);
    expect(headers.allow).toBe('DELETE, GET, HEAD');
  });
});

describe('a ticket in the query of content', () => {
  it('lets its caller save the ZIP, and never reaches Alfresco', async ({
    bff,
    sandbox,
    ticket,
    asTicket,
  }) => {
    const id = await asTicket.createFinished([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    await request(bff.url)
      .get(`${contentOf(id, ticket)}&attachment=true`)
      .expect(200);
    await request(bff.url).head(contentOf(id, ticket)).expect(200);
    expect(sandbox.requests.length).toBeGreaterThan(0);
    expect(JSON.stringify(sandbox.requests)).not.toMatch(/alf_ticket|TICKET_/);
  });

  it('works only for its caller’s downloads, and is rejected when it has ended or is sent twice', async ({
    bff,
    ticket,
    asTicket,
  }) => {
    const id = await asTicket.createFinished([SAMPLE_NODES.textFile]);
    const save = (path: string) => request(bff.url).get(path);
    await save(contentOf(id, await ticketOf(bff.url, createCaller()))).expect(403);
    await save(contentOf(id, `TICKET_${'0'.repeat(40)}`)).expect(401);
    await save(`${contentOf(id, ticket)}&alf_ticket=${ticket}`).expect(401);
    await request(bff.url).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
    await save(contentOf(id, ticket)).expect(401);
  });

  it('defers to the header when it has ended', async ({ bff, user, ticket, asTicket }) => {
    const id = await asTicket.createFinished([SAMPLE_NODES.textFile]);
    const ended = contentOf(id, `TICKET_${'0'.repeat(40)}`);
    await request(bff.url)
      .get(ended)
      .set({ ...user.headers })
      .expect(200);
    await request(bff.url).get(ended).set(withTicket(ticket)).expect(200);
  });

  it('works on every route, and appears in no response, log line or request to Alfresco', async ({
    bff,
    sandbox,
    ticket,
    asTicket,
  }) => {
    const id = await asTicket.createFinished([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
    const lines = log.lines.length;
    for (const [method, path, expected] of [
      ['post', '/downloads', 202],
      ['get', '/downloads', 200],
      ['get', `/downloads/${id}`, 200],
      ['get', `/nodes/${id}`, 200],
      ['get', `/downloads/${id}/content`, 200],
      ['get', `/downloads/${id}/events`, 200],
      ['post', `/downloads/${id}/request-direct-access-url`, 200],
      ['get', '/downloads/unknown', 404],
      ['post', '/downloads/content', 200],
      ['delete', `/downloads/${id}`, 202],
      ['delete', `/nodes/${id}`, 204],
    ] as const) {
      const url = `${API}${path}?alf_ticket=${ticket}`;
      const body = { nodeIds: [SAMPLE_NODES.textFile] };
      const sent = request(bff.url)[method](url);
      const response = await (/downloads(?:\/content)?$/.test(path) && method === 'post'
        ? sent.send(body)
        : sent);
      expect(`${method} ${path}: ${response.status}`).toBe(`${method} ${path}: ${expected}`);
      expect(response.text ?? '').not.toContain(ticket);
      expect(JSON.stringify(response.headers)).not.toContain(ticket);
    }
    expect(JSON.stringify(sandbox.requests)).not.toMatch(/alf_ticket|TICKET_/);
    expect(JSON.stringify(log.lines.slice(lines))).not.toContain(ticket);
  });

  it('that has ended is rejected on every route', async ({ bff, ticket, asTicket }) => {
    const id = await asTicket.createFinished([SAMPLE_NODES.textFile]);
    await request(bff.url).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
    for (const [method, path] of [
      ['get', `/downloads/${id}`],
      ['delete', `/downloads/${id}`],
      ['delete', `/nodes/${id}`],
    ] as const) {
      const sent = request(bff.url)[method](`${API}${path}?alf_ticket=${ticket}`);
      const { headers } = await sent.expect(401);
      expect(headers['www-authenticate']).toBe(CHALLENGE);
    }
  });
});

describe('a 401 under Alfresco’s path', () => {
  it.for<[string, Record<string, string>]>([
    ['without credentials', {}],
    ['with a wrong password', { authorization: basic({ name: 'alice', password: 'x' }) }],
    ['with a token', { authorization: 'Bearer x' }],
    ['of a script', { 'x-requested-with': 'XMLHttpRequest' }],
  ])(
    'challenges as Alfresco does, so that no browser asks for a password: %s',
    async ([, sent], { bff }) => {
      const { headers } = await getUnknown(bff.url, sent).expect(401);
      expect(headers['www-authenticate']).toBe(CHALLENGE);
    },
  );
});

describe('the OpenAPI document under Alfresco’s path', () => {
  it('names the ticket in the query, and the challenge', async ({ bff }) => {
    const { body } = await request(bff.url).get(`${API}/docs/openapi.json`).expect(200);
    const { components, paths } = body as OpenAPIObject;
    expect(components!.securitySchemes!.ticket).toMatchObject({ in: 'query', name: 'alf_ticket' });
    expect(components!.headers!['WWW-Authenticate']).toMatchObject({ example: CHALLENGE });
    const secured = Object.values(paths)
      .flatMap((operations) => Object.values(operations) as OperationObject[])
      .filter(({ security }) => security !== undefined);
    expect(secured.length).toBeGreaterThan(10);
    for (const { security } of secured) expect(security).toContainEqual({ ticket: [] });
  });
});

describe('a ticket for a token', () => {
  let provider: IdentityProvider;
  beforeAll(async () => {
    provider = await IdentityProvider.start();
  });
  afterAll(() => provider.close());

  it.for(['bearer', 'basic,bearer'])(
    'acts for the caller of the token, with AUTH=%s',
    async (AUTH, { start }) => {
      const { url } = await start({ API_PREFIX, ...provider.environment({ AUTH }) });
      const token = await provider.token();
      const { body, headers } = await ticketForToken(url, token).expect(200);
      expect(headers['cache-control']).toBe('no-store');
      const { id: ticket } = (body as { entry: { id: string } }).entry;
      expect(ticket).toMatch(/^TICKET_[0-9a-f]{40}$/);
      const byToken = new DownloadsApi(url + API, { authorization: `Bearer ${token}` });
      const id = await byToken.createFinished([SAMPLE_NODES.textFile]);
      await request(url).get(contentOf(id, ticket)).expect(200);
      await request(url).get(`${API}/downloads/${id}`).set(withTicket(ticket)).expect(200);
      const another = await ticketForToken(
        url,
        await provider.token({ sub: 'somebody-else' }),
      ).expect(200);
      const { id: foreign } = (another.body as { entry: { id: string } }).entry;
      await request(url).get(contentOf(id, foreign)).expect(403);
      await request(url).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
      await request(url).get(contentOf(id, ticket)).expect(401);
    },
  );

  it('expires with the token, however often it is used', async ({ start }) => {
    const { url } = await start({ API_PREFIX, ...provider.environment() });
    vi.useFakeTimers({ toFake: ['Date'] });
    const seconds = Math.floor(Date.now() / 1000) + 300;
    const { body } = await ticketForToken(url, await provider.token({ exp: seconds })).expect(200);
    const { id: ticket } = (body as { entry: { id: string } }).entry;
    for (const left of [200, 100, 1]) {
      vi.setSystemTime((seconds - left) * 1000);
      await getUnknown(url, withTicket(ticket)).expect(404);
    }
    vi.setSystemTime(seconds * 1000 + 1);
    await getUnknown(url, withTicket(ticket)).expect(401);
  });

  it('is issued for a token whose expiry has a fraction of a second', async ({ start }) => {
    const { url } = await start({ API_PREFIX, ...provider.environment() });
    const exp = Math.floor(Date.now() / 1000) + 300.12345;
    const { body } = await ticketForToken(url, await provider.token({ exp })).expect(200);
    const { id: ticket } = (body as { entry: { id: string } }).entry;
    await getUnknown(url, withTicket(ticket)).expect(404);
  });

  it.for([
    ['with passwords only', () => ({ AUTH: 'basic' })],
    [
      'with another provider',
      () => provider.environment({ OIDC_ISSUER: `${provider.issuer}/other` }),
    ],
  ] as const)(
    'ends when the service is restarted %s',
    async ([, environment], { start, directory }) => {
      const before = await start({ ...shared(directory), ...provider.environment() });
      const { body } = await ticketForToken(before.url, await provider.token()).expect(200);
      const { id: ticket } = (body as { entry: { id: string } }).entry;
      await getUnknown(before.url, withTicket(ticket)).expect(404);
      await before.close();
      const after = await start({ ...shared(directory), ...environment() });
      await getUnknown(after.url, withTicket(ticket)).expect(401);
    },
  );

  it('is issued neither for an invalid token nor for a password', async ({ start }) => {
    const { url } = await start({ API_PREFIX, ...provider.environment() });
    await ticketForToken(url, 'x').expect(401);
    await ticketForToken(url, await provider.token({ exp: 1 })).expect(401);
    await login(url, CALLERS.alice).expect(403);
  });
});

describe('without Alfresco’s prefix', () => {
  defaultTest('tickets are not available: no prefix', ({ bff, user }) =>
    expectNoLogin(bff.url, '', user),
  );

  otherPrefixTest('tickets are not available: another prefix', ({ bff, user }) =>
    expectNoLogin(bff.url, '/api/v1', user),
  );
});

describe('tickets of a service that is restarted', () => {
  it(
    'stay valid, for all its processes, until one of them ends them',
    { timeout: 60_000 },
    async ({ start, startProcess, directory }) => {
      const variables = shared(directory);
      const [first, second] = await Promise.all([startProcess(variables), start(variables)]);
      // The origin, without the prefix.
      const ticket = await ticketOf(new URL(first.url!).origin, CALLERS.alice);
      await getUnknown(second.url, withTicket(ticket)).expect(404);
      await first.stop();
      const third = await start(variables);
      await getUnknown(third.url, withTicket(ticket)).expect(404);
      await request(third.url).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
      await getUnknown(second.url, withTicket(ticket)).expect(401);
    },
  );

  it.for([
    ['is removed', () => users('zoe')],
    // Each bcrypt hash has a new salt, so even the same password counts as a new one.
    ['gets another password', () => users('alice', 'zoe')],
  ] as const)('end when their user %s', async ([, usersOf], { start, directory }) => {
    const before = await start(shared(directory));
    const ticket = await ticketOf(before.url, CALLERS.alice);
    await getUnknown(before.url, withTicket(ticket)).expect(404);
    await before.close();
    const after = await start({ ...shared(directory), USERS: usersOf() });
    await getUnknown(after.url, withTicket(ticket)).expect(401);
  });
});

describeWithRedis('tickets in Redis', () => {
  const redis = new RedisServer();
  beforeAll(() => redis.start());
  afterAll(() => redis.dispose());

  it('are stored for every machine, as hashes only', async ({ start }) => {
    const variables = { API_PREFIX, STORE_URL: redis.url, USERS: USERS_OF_TODAY };
    // Generous, so that Redis never times out on a busy machine.
    const pacing = { store: { responseMs: 10_000 } };
    const [here, there] = await Promise.all([
      start(variables, { pacing }),
      start(variables, { pacing }),
    ]);
    const ticket = await ticketOf(here.url, CALLERS.alice);
    await getUnknown(there.url, withTicket(ticket)).expect(404);
    const keys = await redis.run((client) => client.keys('*ticket*'));
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toContain(ticket.slice(7));
    await request(there.url).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
    await getUnknown(here.url, withTicket(ticket)).expect(401);
  });
});
