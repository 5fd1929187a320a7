import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { TICKET_TTL_MS } from '#service/auth/tickets/tickets.service.js';
import { SAMPLE_NODES, SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { type Bff, CALLERS, SERVICE_ACCOUNT, basic, startBff, users } from '../harness/bff.js';
import { rawRequest } from '../harness/raw-http.js';
import { RedisServer, describeWithRedis } from '../harness/redis-server.js';
import { RequestLog } from '../harness/request-log.js';
import { ServiceProcess } from '../harness/service-process.js';

const PUBLIC = '/alfresco/api/-default-/public';
const API = `${PUBLIC}/alfresco/versions/1`;
const TICKETS = `${PUBLIC}/authentication/versions/1/tickets`;
const API_PREFIX = API.slice(1);

/** The same hashes for several processes. */
const USERS_OF_TODAY = users('alice', 'zoe');

let sandbox: Sandbox;
let bff: Bff;
let log: RequestLog;

beforeAll(async () => {
  sandbox = await startSandbox();
});
beforeEach(async () => {
  log = new RequestLog();
  bff = await startBff(sandbox.url, { API_PREFIX }, { onLine: log.add });
  sandbox.clearRequests();
});
afterEach(async () => {
  vi.useRealTimers();
  await bff.close();
});
afterAll(() => sandbox.close());

function login(url: string, { name, password }: { name: string; password: string }) {
  return request(url).post(TICKETS).send({ userId: name, password });
}

async function ticketFor(url = bff.url, who: keyof typeof CALLERS = 'alice'): Promise<string> {
  const { body } = await login(url, CALLERS[who]).expect(201);
  return (body as { entry: { id: string } }).entry.id;
}

/** `Authorization` as js-api makes it of a ticket. */
function withTicket(ticket: string, form = 'ROLE_TICKET:') {
  return { authorization: `Basic ${Buffer.from(form + ticket).toString('base64')}` };
}

/** 404 once it is known who asks, 401 before. */
function ask(headers: Record<string, string>, url = bff.url) {
  return request(url).get(`${API}/downloads/unknown`).set(headers);
}

function asTicket(ticket: string): DownloadsApi {
  return new DownloadsApi(bff.url + API, withTicket(ticket));
}

describe('POST /tickets', () => {
  it('gives a user of this service a ticket of Alfresco’s form, another one each time', async () => {
    const { body, headers } = await login(bff.url, CALLERS.alice).expect(201);
    expect(body).toEqual({
      entry: { id: expect.stringMatching(/^TICKET_[0-9a-f]{40}$/), userId: 'alice' },
    });
    expect(headers['cache-control']).toBe('no-store');
    expect(await ticketFor()).not.toBe((body as { entry: { id: string } }).entry.id);
  });

  it('takes every password that Basic takes', async () => {
    await ask(withTicket(await ticketFor(bff.url, 'zoe'))).expect(404);
  });

  it.each([
    ['a wrong password', { name: 'alice', password: 'wrong-Pa55' }],
    ['an unknown name', { name: 'mallory', password: CALLERS.alice.password }],
    ['an account of Alfresco', { name: SERVICE_ACCOUNT.id, password: SERVICE_ACCOUNT.password }],
    ['a user of Alfresco', { name: 'alice', password: SAMPLE_USERS[2]!.password }],
  ])('answers 403 to %s, and asks Alfresco nothing', async (_what, who) => {
    const { body } = await login(bff.url, who).expect(403);
    expect(body).toMatchObject({
      code: 'FORBIDDEN',
      detail: 'Login failed',
      error: { statusCode: 403, briefSummary: 'Login failed' },
    });
    expect(sandbox.requests).toEqual([]);
  });

  it.each<[string, unknown, string[]]>([
    ['without members', {}, ['/userId', '/password']],
    ['without a password', { userId: 'alice' }, ['/password']],
    ['with null', { userId: null, password: 'x' }, ['/userId']],
    ['with an empty name', { userId: '', password: 'x' }, ['/userId']],
    ['with a number', { userId: 'alice', password: 1 }, ['/password']],
    ['with a list', { userId: ['alice'], password: 'x' }, ['/userId']],
    ['with a name that has a colon', { userId: 'alice:x', password: 'x' }, ['/userId']],
    ['with a password that has a zero byte', { userId: 'a', password: 'x\0' }, ['/password']],
    ['with one member more', { userId: 'a', password: 'x', ticket: 'y' }, ['/ticket']],
    ['that is a list', [], ['']],
  ])('refuses a body %s', async (_what, sent, pointers) => {
    const { body } = await request(bff.url)
      .post(TICKETS)
      .send(sent as object)
      .expect(400);
    expect(body).toMatchObject({ code: 'VALIDATION_FAILED' });
    const { errors } = body as { errors: { pointer: string }[] };
    expect(errors.map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('is refused to a page of another origin', async () => {
    const { body } = await login(bff.url, CALLERS.alice)
      .set({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })
      .expect(403);
    expect(body).toMatchObject({ code: 'ORIGIN_FORBIDDEN' });
  });

  it('counts wrong passwords together with those of Basic', async () => {
    const limited = await startBff(sandbox.url, {
      API_PREFIX,
      RATE_LIMIT: 'on',
      RATE_LIMIT_FAILED_LOGINS: '3',
    });
    const wrong = { name: 'alice', password: 'wrong-Pa55' };
    await login(limited.url, wrong).expect(403);
    await ask({ authorization: basic(wrong) }, limited.url).expect(401);
    await login(limited.url, wrong).expect(403);
    const { body, headers } = await login(limited.url, CALLERS.alice).expect(429);
    expect(body).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await ask({ authorization: basic(CALLERS.alice) }, limited.url).expect(429);
    await login(limited.url, CALLERS.zoe).expect(201);
    await limited.close();
  });
});

describe('a ticket in the header', () => {
  it.each(['ROLE_TICKET:', 'role_ticket:', ':', ''])('is taken behind "%s"', async (form) => {
    await ask(withTicket(await ticketFor(), form)).expect(404);
  });

  it('stands for the caller who has the password', async () => {
    const ticket = await ticketFor();
    const id = await asTicket(ticket).make([SAMPLE_NODES.textFile]);
    const path = `${API}/downloads/${id}`;
    const by = (authorization: string) => request(bff.url).get(path).set({ authorization });
    await by(basic(CALLERS.alice)).expect(200);
    await by(basic(CALLERS.zoe)).expect(403);
    await by(withTicket(await ticketFor(bff.url, 'zoe')).authorization).expect(403);
  });

  it.each([
    ['was never given', `TICKET_${'0'.repeat(40)}`],
    ['is none', 'TICKET_'],
    ['is a word', 'TICKET_undefined'],
  ])('that %s gets 401 with a challenge', async (_what, ticket) => {
    const { body, headers } = await ask(withTicket(ticket)).expect(401);
    expect(body).toMatchObject({ code: 'UNAUTHENTICATED', error: { statusCode: 401 } });
    expect(headers['www-authenticate']).toMatch(/^Basic /);
    expect(sandbox.requests).toEqual([]);
  });

  it('of Alfresco’s own is none here', async () => {
    const { url } = sandbox;
    const { id, password } = SERVICE_ACCOUNT;
    const { body } = await request(url)
      .post(TICKETS.replace(/^\/alfresco/, ''))
      .send({ userId: id, password })
      .expect(201);
    await ask(withTicket((body as { entry: { id: string } }).entry.id)).expect(401);
  });

  it('that is sent twice is refused', async () => {
    const { authorization } = withTicket(await ticketFor());
    const twice = `${authorization}\r\nAuthorization: ${authorization}`;
    const answer = await rawRequest(bff.port, {
      path: `${API}/downloads/unknown`,
      headers: { Authorization: twice },
    });
    expect(answer.status).toBe(401);
  });

  it('that has ended does not count as a failed login, however often it is sent', async () => {
    const limited = await startBff(sandbox.url, {
      API_PREFIX,
      RATE_LIMIT: 'on',
      RATE_LIMIT_FAILED_LOGINS: '1',
    });
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await ask(withTicket(`TICKET_${'1'.repeat(40)}`), limited.url).expect(401);
    }
    await login(limited.url, CALLERS.alice).expect(201);
    await limited.close();
  });

  it('lives for an hour after its last use', async () => {
    const ticket = await ticketFor();
    const used = await ticketFor();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(Date.now() + TICKET_TTL_MS * 0.75);
    await ask(withTicket(used)).expect(404);
    vi.setSystemTime(Date.now() + TICKET_TTL_MS * 0.5);
    await ask(withTicket(ticket)).expect(401);
    await ask(withTicket(used)).expect(404);
    vi.setSystemTime(Date.now() + TICKET_TTL_MS + 1);
    await ask(withTicket(used)).expect(401);
  });
});

describe('GET and DELETE /tickets/-me-', () => {
  it('tell the ticket, and end it alone', async () => {
    const [mine, other] = [await ticketFor(), await ticketFor()];
    const me = (method: 'get' | 'delete') =>
      request(bff.url)[method](`${TICKETS}/-me-`).set(withTicket(mine));
    const { body, headers } = await me('get').expect(200);
    expect(body).toEqual({ entry: { id: mine } });
    expect(headers['cache-control']).toBe('no-store');
    expect((await me('delete').expect(204)).text).toBe('');
    await me('get').expect(401);
    await me('delete').expect(401);
    await ask(withTicket(mine)).expect(401);
    await ask(withTicket(other)).expect(404);
  });

  it.each(['get', 'delete'] as const)('need a ticket: %s', async (method) => {
    const me = request(bff.url)[method](`${TICKETS}/-me-`);
    const { body } = await me.set({ authorization: basic(CALLERS.alice) }).expect(400);
    expect(body).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ parameter: 'Authorization', detail: 'must have a ticket' }],
    });
    await request(bff.url)[method](`${TICKETS}/-me-`).expect(401);
  });

  it('are for no other ticket, and write none into the log', async () => {
    const [mine, other] = [await ticketFor(), await ticketFor()];
    const { body } = await request(bff.url)
      .delete(`${TICKETS}/${other}`)
      .set({ ...withTicket(mine), 'x-request-id': 'other' })
      .expect(400);
    expect(body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ parameter: 'ticket' }] });
    expect(await log.line('other')).toMatchObject({ path: `${TICKETS}/`, caller: 'basic:alice' });
    await ask(withTicket(other)).expect(404);
  });

  it('take no ticket in the address', async () => {
    const ticket = await ticketFor();
    await request(bff.url).delete(`${TICKETS}/-me-?alf_ticket=${ticket}`).expect(401);
    await ask(withTicket(ticket)).expect(404);
  });

  it('say which methods there are', async () => {
    const { headers } = await request(bff.url).put(`${TICKETS}/-me-`).expect(405);
    expect(headers.allow).toBe('DELETE, GET, HEAD');
  });
});

describe('a ticket in the address of content', () => {
  let ticket: string;
  let id: string;
  beforeEach(async () => {
    ticket = await ticketFor();
    id = await asTicket(ticket).make([SAMPLE_NODES.textFile]);
    sandbox.clearRequests();
  });
  const contentOf = (value: string) => `${API}/nodes/${id}/content?alf_ticket=${value}`;

  it('lets its caller save the ZIP, and never reaches Alfresco', async () => {
    await request(bff.url)
      .get(`${contentOf(ticket)}&attachment=true`)
      .expect(200);
    await request(bff.url).head(contentOf(ticket)).expect(200);
    expect(sandbox.requests.length).toBeGreaterThan(0);
    expect(JSON.stringify(sandbox.requests)).not.toMatch(/alf_ticket|TICKET_/);
  });

  it('is no one else’s, and none when it has ended or is sent twice', async () => {
    await request(bff.url)
      .get(contentOf(await ticketFor(bff.url, 'zoe')))
      .expect(403);
    await request(bff.url)
      .get(contentOf(`TICKET_${'0'.repeat(40)}`))
      .expect(401);
    await request(bff.url)
      .get(`${contentOf(ticket)}&alf_ticket=${ticket}`)
      .expect(401);
    await request(bff.url).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
    await request(bff.url).get(contentOf(ticket)).expect(401);
  });

  it('leaves it to the header when it has ended', async () => {
    const ended = contentOf(`TICKET_${'0'.repeat(40)}`);
    await request(bff.url)
      .get(ended)
      .set({ authorization: basic(CALLERS.alice) })
      .expect(200);
    await request(bff.url).get(ended).set(withTicket(ticket)).expect(200);
  });

  it.each([
    ['post', '/downloads'],
    ['get', '/downloads'],
    ['get', '/downloads/ID'],
    ['get', '/downloads/ID/content'],
    ['get', '/downloads/ID/events'],
    ['post', '/downloads/ID/request-direct-access-url'],
    ['delete', '/downloads/ID'],
    ['delete', '/nodes/ID'],
  ] as const)('is none elsewhere: %s %s', async (method, path) => {
    const target = `${API}${path.replace('ID', id)}?alf_ticket=${ticket}`;
    await request(bff.url)[method](target).expect(401);
    expect(sandbox.downloadIds()).toContain(id);
  });
});

describe('without Alfresco’s prefix', () => {
  it.each([
    ['no prefix', {}],
    ['another prefix', { API_PREFIX: 'api/v1' }],
  ])('there is no login: %s', async (_what, more) => {
    const other = await startBff(sandbox.url, more);
    await login(other.url, CALLERS.alice).expect(404);
    const path = `${'API_PREFIX' in more ? '/api/v1' : ''}/downloads/unknown`;
    await request(other.url)
      .get(path)
      .set({ authorization: basic(CALLERS.alice) })
      .expect(404);
    await request(other.url)
      .get(path)
      .set(withTicket(`TICKET_${'0'.repeat(40)}`))
      .expect(401);
    await other.close();
  });
});

/** Where it listens, without the prefix. */
function originOf({ url }: ServiceProcess): string {
  return new URL(url!).origin;
}

describe('tickets of a service that is restarted', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tickets-'));
  });
  afterEach(() => rm(directory, { recursive: true }));
  const start = (more: Record<string, string> = {}) =>
    ServiceProcess.start(sandbox.url, {
      API_PREFIX,
      STORE_URL: `sqlite:${join(directory, 'downloads.db')}`,
      USERS: USERS_OF_TODAY,
      ...more,
    });

  it('go on, for all its processes, until one of them ends them', { timeout: 60_000 }, async () => {
    const [first, second] = await Promise.all([start(), start()]);
    const ticket = await ticketFor(originOf(first));
    await ask(withTicket(ticket), originOf(second)).expect(404);
    await first.stop();
    const third = await start();
    await ask(withTicket(ticket), originOf(third)).expect(404);
    await request(originOf(third)).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
    await ask(withTicket(ticket), originOf(second)).expect(401);
    await Promise.all([second.stop(), third.stop()]);
  });

  it.each([
    ['is not there any more', () => users('zoe')],
    ['has another password', () => users('alice', 'zoe')],
  ])('end when their user %s', { timeout: 60_000 }, async (_what, usersOf) => {
    const first = await start();
    const ticket = await ticketFor(originOf(first));
    await first.stop();
    // Each bcrypt hash has a salt of its own, so that the same password counts as another one.
    const second = await start({ USERS: usersOf() });
    await ask(withTicket(ticket), originOf(second)).expect(401);
    await second.stop();
  });
});

describeWithRedis('tickets in Redis', () => {
  const redis = new RedisServer();
  beforeAll(() => redis.start());
  afterAll(() => redis.dispose());

  it('are known to every machine, by their hashes only', async () => {
    const variables = { API_PREFIX, STORE_URL: redis.url, USERS: USERS_OF_TODAY };
    const [here, there] = await Promise.all([
      startBff(sandbox.url, variables),
      startBff(sandbox.url, variables),
    ]);
    const ticket = await ticketFor(here.url);
    await ask(withTicket(ticket), there.url).expect(404);
    const keys = await redis.ask((client) => client.keys('*ticket*'));
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toContain(ticket.slice(7));
    await request(there.url).delete(`${TICKETS}/-me-`).set(withTicket(ticket)).expect(204);
    await ask(withTicket(ticket), here.url).expect(401);
    await Promise.all([here.close(), there.close()]);
  });
});
