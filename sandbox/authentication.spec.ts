import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { AUTHENTICATION, basic, TestClient } from './testing/test-client.ts';

const encode = (text: string): string => Buffer.from(text).toString('base64');

describe('authentication', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  const get = (authorization: string, path = `/nodes/${ID.textFile}`) =>
    client.call('GET', path, { user: null, headers: { authorization } });
  const login = (body: string) =>
    client.call('POST', '/tickets', { api: AUTHENTICATION, user: null, body });
  const ticketOf = async (userId: string, password: string): Promise<string> =>
    (await login(JSON.stringify({ userId, password }))).json.entry.id;
  const me = (
    method: string,
    options: { query?: string; authorization?: string; id?: string } = {},
  ) =>
    client.call(method, `/tickets/${options.id ?? '-me-'}${options.query ?? ''}`, {
      api: AUTHENTICATION,
      user: null,
      headers: options.authorization === undefined ? {} : { authorization: options.authorization },
    });

  beforeEach(async () => {
    sandbox = await startSandbox();
    client = new TestClient(sandbox);
  });
  afterEach(() => sandbox.close());

  it('splits a Basic value at the first colon', async () => {
    expect((await get(basic('alice', 'al1ce:s3cret'))).status).toBe(401);
  });

  it('refuses the right password for a while after ten failures, one user at a time', async () => {
    for (let failures = 0; failures < 10; failures += 1) await get(basic('bob', 'wrong'));
    expect((await get(basic('bob'))).status).toBe(401);
    expect((await get(basic('alice'))).status).toBe(200);
  });

  it('refuses it for as long as configured', async () => {
    const lenient = await startSandbox({ protectionMs: 0 });
    try {
      const lenientClient = new TestClient(lenient);
      const status = async (password?: string): Promise<number> => {
        const headers = { authorization: basic('bob', password) };
        return (await lenientClient.call('GET', '/nodes/-my-', { user: null, headers })).status;
      };
      for (let failures = 0; failures < 10; failures += 1) expect(await status('wrong')).toBe(401);
      expect(await status()).toBe(200);
    } finally {
      await lenient.close();
    }
  });

  it('issues one ticket per user and accepts it in the URL and in three Basic forms', async () => {
    const response = await login('{"userId":"alice","password":"al1ce-s3cret-Pa55"}');
    expect(response.status).toBe(201);
    const { id, userId } = response.json.entry;
    expect(userId).toBe('alice');
    expect(id).toMatch(/^TICKET_[\da-f]{40}$/);
    expect(await ticketOf('alice', 'al1ce-s3cret-Pa55')).toBe(id);

    for (const credentials of [id, `:${id}`, `ROLE_TICKET:${id}`, `role_ticket:${id}`]) {
      expect((await get(`Basic ${encode(credentials)}`)).status).toBe(200);
    }
    for (const scheme of ['bearer', 'junk'])
      expect((await get(`${scheme} ${encode(id)}`)).status).toBe(401);
    expect(
      (await client.call('GET', `/nodes/${ID.textFile}?alf_ticket=${id}`, { user: null })).status,
    ).toBe(200);
    expect(
      (await client.call('GET', `/nodes/${ID.textFile}?alf_ticket=TICKET_x`, { user: null }))
        .status,
    ).toBe(401);
    expect((await client.call('GET', `/nodes/${ID.textFile}?alf_ticket=TICKET_x`)).status).toBe(
      200,
    );
  });

  it.each([
    [400, '{}'],
    [400, '{"userId":"alice","password":""}'],
    [400, '[]'],
  ])('responds with %i to the login %s', async (status, body) => {
    expect((await login(body)).status).toBe(status);
  });

  it('invalidates all tickets on demand, and issues new ones afterwards', async () => {
    const id = await ticketOf('alice', 'al1ce-s3cret-Pa55');
    sandbox.expireTickets();
    expect((await get(`Basic ${encode(id)}`)).status).toBe(401);
    const next = await ticketOf('alice', 'al1ce-s3cret-Pa55');
    expect(next).not.toBe(id);
    expect((await get(`Basic ${encode(next)}`)).status).toBe(200);
  });

  it('does not show one user the ticket of another', async () => {
    const id = await ticketOf('bob', 'b0b-s3cret-Pa55');
    const own = await ticketOf('alice', 'al1ce-s3cret-Pa55');
    expect(
      (await me('GET', { query: `?alf_ticket=${own}`, authorization: `Basic ${encode(id)}` })).json
        .entry.id,
    ).toBe(own);
  });
});
