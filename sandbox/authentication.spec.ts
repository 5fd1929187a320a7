import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { AUTHENTICATION, basic, TestClient } from './testing/test.client.ts';

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

  it.each([
    ['none', {}],
    ['a wrong password', { authorization: basic('alice', 'wrong') }],
    ['an unknown user', { authorization: basic('mallory', 'x') }],
    ['a dead ticket', { authorization: `Basic ${encode('TICKET_dead')}` }],
  ])('answers %s with 401 and an AlfTicket challenge', async (_, headers) => {
    const {
      status,
      headers: answered,
      json,
    } = await client.call('GET', '/downloads/x', { user: null, headers });
    expect(status).toBe(401);
    expect(answered.get('www-authenticate')).toBe('AlfTicket realm="Alfresco -default- tenant"');
    expect(answered.get('cache-control')).toBe('no-cache');
    expect(json.error.errorKey).toBe('framework.exception.ApiDefault');
    expect(json.error.briefSummary).toMatch(
      /^\d{8} Authentication failed for Web Script org\/alfresco\/api\/ResourceWebScript\.get$/,
    );
  });

  it.each(['post', 'put', 'delete'])('names the web script of %s', async (verb) => {
    const path = verb === 'post' ? '/downloads' : '/nodes/x';
    const { json } = await client.call(verb.toUpperCase(), path, { user: null, body: '{}' });
    expect(json.error.briefSummary).toContain(`ResourceWebScript.${verb}`);
  });

  it.each(['Bearer', 'Negotiate', 'junk'])('refuses scheme %s with 401', async (scheme) => {
    const { status, json } = await get(`${scheme} x`);
    expect(status).toBe(401);
    expect(json.error.briefSummary).toContain(`Authorization '${scheme}' not supported.`);
  });

  it.each(['Basic', 'Basic %%%', 'Basic a-b_'])(
    'answers 500 with a challenge to "%s"',
    async (authorization) => {
      const { status, headers } = await get(authorization);
      expect(status).toBe(500);
      expect(headers.has('www-authenticate')).toBe(true);
    },
  );

  it('answers 400 to Basic that decodes to nothing', async () => {
    expect((await get('Basic =')).status).toBe(400);
  });

  it('takes the scheme in any case and splits at the first colon', async () => {
    expect((await get(basic('alice').replace('Basic', 'bAsIc'))).status).toBe(200);
    expect((await get(basic('alice', 'al1ce:s3cret'))).status).toBe(401);
  });

  it('refuses the right password for a while after ten failures, one user at a time', async () => {
    for (let failures = 0; failures < 10; failures += 1) await get(basic('bob', 'wrong'));
    expect((await get(basic('bob'))).status).toBe(401);
    expect((await get(basic('alice'))).status).toBe(200);
  });

  it('gives one ticket per user and takes it in the URL and in three Basic forms', async () => {
    const answer = await login('{"userId":"alice","password":"al1ce-s3cret-Pa55"}');
    expect(answer.status).toBe(201);
    const { id, userId } = answer.json.entry;
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
    [400, '{"userId":"alice"}'],
    [400, '{"userId":"alice","password":""}'],
    [400, '{"userId":"alice","password":"x","other":1}'],
    [400, ''],
    [405, '[]'],
    [403, '{"userId":"alice","password":"wrong"}'],
  ])('answers a login with %i to %s', async (status, body) => {
    const answer = await login(body);
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.json.error.errorKey).toBe('Login failed');
  });

  it('shows and ends the ticket of the caller', async () => {
    const id = await ticketOf('alice', 'al1ce-s3cret-Pa55');
    const authorization = `Basic ${encode(id)}`;
    expect((await me('GET', { authorization })).json).toEqual({ entry: { id } });
    expect((await me('GET', { query: `?alf_ticket=${id}` })).status).toBe(200);
    expect((await me('GET', { authorization, id: id })).status).toBe(400);
    expect((await me('GET', { authorization: basic('alice') })).status).toBe(400);
    expect((await me('GET')).status).toBe(401);

    expect((await me('DELETE', { authorization })).status).toBe(204);
    expect((await me('GET', { authorization })).status).toBe(401);
    expect(
      (await me('GET', { query: `?alf_ticket=${id}`, authorization: basic('alice') })).status,
    ).toBe(404);
    expect(await ticketOf('alice', 'al1ce-s3cret-Pa55')).not.toBe(id);
  });

  it('forgets all tickets on demand, and issues others afterwards', async () => {
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
