import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import type { AlfrescoConfig, OAuth2Config } from '../../config/app-config.js';
import { createPipeline } from '../http/upstream.fixture.js';
import { OAuth2Login, TokenEndpoint } from './oauth2-login.js';

const SECRET = 's3:cr et+%ä';
/** Longer than the token endpoint of a test needs on a busy machine. */
const AMPLE_MS = 15_000;
const GOOD = { access_token: 'abc.def-_~+/==', token_type: 'Bearer', expires_in: 300 };

describe('a login with client credentials', () => {
  let server: Server;
  let login: OAuth2Login;
  let requests: { head: IncomingMessage; body: string }[];
  let reply: { status: number; body: string | undefined; headers?: Record<string, string> };

  const at = (more: Partial<OAuth2Config> = {}, timeoutMs = AMPLE_MS) => {
    const { port } = server.address() as AddressInfo;
    const tokenUrl = `http://127.0.0.1:${port}/realms/x/token`;
    const oauth2 = { tokenUrl, clientId: 'b f:f', clientSecret: SECRET, ...more };
    const limits = { connectTimeoutMs: timeoutMs, timeoutMs, idleTimeoutMs: timeoutMs };
    const endpoint = new TokenEndpoint(
      limits as AlfrescoConfig,
      oauth2,
      createPipeline(limits).pipeline,
    );
    return new OAuth2Login(endpoint, oauth2.scope);
  };
  const failure = () => login.obtain().catch((thrown: unknown) => thrown);

  beforeEach(async () => {
    requests = [];
    reply = { status: 200, body: JSON.stringify(GOOD) };
    server = createServer(async (head, response) => {
      requests.push({ head, body: await text(head) });
      if (reply.body !== undefined) response.writeHead(reply.status, reply.headers).end(reply.body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    login = at();
  });
  afterEach(async () => {
    await login.close();
    server.closeAllConnections();
    server.close();
  });

  it('is a form with the client in the header, and gives a bearer token', async () => {
    expect(await login.obtain()).toEqual({
      authorization: `Bearer ${GOOD.access_token}`,
      renewAfterMs: 270_000,
    });
    const [{ head, body } = {} as never] = requests;
    expect(`${head.method} ${head.url}`).toBe('POST /realms/x/token');
    expect(head.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(body).toBe('grant_type=client_credentials');
    const client = Buffer.from(head.headers.authorization!.slice(6), 'base64').toString();
    expect(client).toBe('b+f%3Af:s3%3Acr+et%2B%25%C3%A4');
  });

  it('asks for a scope if there is one', async () => {
    await login.close();
    login = at({ scope: 'openid alfresco' });
    await login.obtain();
    expect(requests[0]!.body).toBe('grant_type=client_credentials&scope=openid+alfresco');
  });

  it.each([
    [300, 270_000],
    [3600, 3_570_000],
    [60, 54_000],
    [1, 900],
    [undefined, undefined],
  ])('of %s seconds is due again after %s milliseconds', async (expiresIn, renewAfterMs) => {
    reply.body = JSON.stringify({ ...GOOD, expires_in: expiresIn });
    expect((await login.obtain()).renewAfterMs).toBe(renewAfterMs);
  });

  it.each([
    [400, 'ALFRESCO_CREDENTIALS_REJECTED'],
    [401, 'ALFRESCO_CREDENTIALS_REJECTED'],
    [403, 'ALFRESCO_CREDENTIALS_REJECTED'],
    [429, 'ALFRESCO_CREDENTIALS_REJECTED'],
    [500, 'ALFRESCO_UNREACHABLE'],
    [503, 'ALFRESCO_UNREACHABLE'],
    [302, 'ALFRESCO_BAD_RESPONSE'],
    [201, 'ALFRESCO_BAD_RESPONSE'],
  ])('fails with the status %i and follows no redirect', async (status, code) => {
    reply = { ...reply, status, headers: { location: '/elsewhere' } };
    const problem = await failure();
    expect(problem).toMatchObject({ code, diagnosis: `token endpoint: status ${status}` });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['HTML', '<html></html>'],
    ['a list', '[]'],
    ['no token', JSON.stringify({ ...GOOD, access_token: undefined })],
    ['an empty token', JSON.stringify({ ...GOOD, access_token: '' })],
    ['a token of a number', JSON.stringify({ ...GOOD, access_token: 1 })],
    ['a token with a line break', JSON.stringify({ ...GOOD, access_token: 'a\r\nX-A: b' })],
    ['no type', JSON.stringify({ ...GOOD, token_type: undefined })],
    ['another type', JSON.stringify({ ...GOOD, token_type: 'mac' })],
    ['a time of text', JSON.stringify({ ...GOOD, expires_in: '300' })],
    ['no time left', JSON.stringify({ ...GOOD, expires_in: 0 })],
    ['two megabytes', JSON.stringify({ ...GOOD, filler: 'x'.repeat(2_000_000) })],
  ])('fails with %s', async (_what, body) => {
    reply.body = body;
    expect(await failure()).toMatchObject({ code: 'ALFRESCO_BAD_RESPONSE' });
  });

  it('takes the type in any case', async () => {
    reply.body = JSON.stringify({ ...GOOD, token_type: 'bearer' });
    expect((await login.obtain()).authorization).toBe(`Bearer ${GOOD.access_token}`);
  });

  it('ends in time without a response', async () => {
    await login.close();
    login = at({}, 200);
    reply.body = undefined;
    expect(await failure()).toMatchObject({
      code: 'ALFRESCO_TIMEOUT',
      diagnosis: 'token endpoint: TRANSPORT_TIMEOUT',
    });
  });

  it('fails when nothing listens, and no failure holds the secret', async () => {
    server.close();
    server.closeAllConnections();
    const problem = await failure();
    expect(problem).toMatchObject({ code: 'ALFRESCO_UNREACHABLE' });
    const shown = inspect(problem, { depth: null, showHidden: true });
    expect(shown).not.toMatch(/s3|127\.0\.0\.1/);
  });
});
