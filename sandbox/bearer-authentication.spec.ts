import { generateKeyPairSync } from 'node:crypto';
import type { IdentityServiceSettings } from './auth/identity-service.ts';
import { signToken, verifyToken } from './auth/json-web-token.ts';
import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox } from './sandbox.ts';
import { TestClient } from './testing/test-client.ts';

const CLIENT = { id: 'bff client', secret: 's3:cret+%', userName: 'downloads-service' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const NOW = 1_800_000_000_000;

const basic = (id: string, secret: string) => {
  const pair = [id, secret].map((part) => new URLSearchParams([['', part]]).toString().slice(1));
  return { authorization: `Basic ${Buffer.from(pair.join(':')).toString('base64')}` };
};
const GRANT = { grant_type: 'client_credentials' };

describe('a bearer token', () => {
  let sandbox: Sandbox;

  const start = async (settings?: IdentityServiceSettings): Promise<void> => {
    sandbox = await startSandbox({ identityService: settings });
  };
  const get = async (token: string) => {
    sandbox.clearRequests();
    const headers = { authorization: `Bearer ${token}` };
    const client = new TestClient(sandbox);
    const response = await client.call('GET', `/nodes/${ID.textFile}`, { user: null, headers });
    return { ...response, user: sandbox.requests[0]?.user };
  };
  const askForToken = (
    body: string | Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(sandbox.tokenUrl, {
      method: 'POST',
      headers: { ...FORM, ...headers },
      body: new URLSearchParams(body).toString(),
    });
  const tokenOf = async (): Promise<string> => {
    const response = await askForToken(GRANT, basic(CLIENT.id, CLIENT.secret));
    return ((await response.json()) as { access_token: string }).access_token;
  };

  afterEach(() => sandbox?.close());

  it('is refused without the subsystem, and there is no token endpoint', async () => {
    await start();
    const { status, json } = await get('x.y.z');
    expect(status).toBe(401);
    expect(json.error.briefSummary).toContain("Authorization 'Bearer' not supported.");
    expect((await askForToken(GRANT)).status).toBe(404);
    expect(sandbox.requests).toHaveLength(1);
  });

  it('is issued to a client and names its user', async () => {
    await start({ clients: [CLIENT], tokenValidSeconds: 60 });
    const response = await askForToken({ ...GRANT, scope: 'a b' }, basic(CLIENT.id, CLIENT.secret));
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const token = (await response.json()) as { access_token: string };
    expect(token).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 60,
      scope: 'a b',
    });
    expect(sandbox.requests).toHaveLength(1);
    expect(await get(token.access_token)).toMatchObject({ status: 200, user: CLIENT.userName });
  });

  it('is issued to a client that sends its credentials in the body', async () => {
    await start({ clients: [CLIENT] });
    const body = { ...GRANT, client_id: CLIENT.id, client_secret: CLIENT.secret };
    expect((await askForToken(body)).status).toBe(200);
  });

  it.each([
    ['a wrong secret', GRANT, basic(CLIENT.id, 'wrong'), 401, 'invalid_client'],
    ['no secret', GRANT, {}, 401, 'invalid_client'],
    [
      'another grant',
      { grant_type: 'password' },
      basic(CLIENT.id, CLIENT.secret),
      400,
      'unsupported_grant_type',
    ],
    ['JSON', GRANT, { 'content-type': 'application/json' }, 400, 'invalid_request'],
  ])('is not issued for %s', async (_what, body, headers, status, error) => {
    await start({ clients: [CLIENT] });
    const response = await askForToken(body as Record<string, string>, headers as never);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error });
  });

  it('is only issued for a POST', async () => {
    await start({ clients: [CLIENT] });
    expect((await fetch(sandbox.tokenUrl)).status).toBe(405);
  });

  it('can be refused by a fault', async () => {
    await start({ clients: [CLIENT] });
    sandbox.fail({ kind: 'status', status: 503 }, { path: /oauth2/ });
    expect((await askForToken(GRANT)).status).toBe(503);
  });

  it('expires, and can be invalidated earlier', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await start({ clients: [CLIENT], tokenValidSeconds: 300 });
    const first = await tokenOf();
    expect((await get(first)).status).toBe(200);
    vi.setSystemTime(Date.now() + 300_001);
    expect((await get(first)).status).toBe(401);
    const second = await tokenOf();
    sandbox.expireTokens();
    expect((await get(second)).status).toBe(401);
    expect((await get(await tokenOf())).status).toBe(200);
  });

  it('of another issuer is accepted by key or by callback', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    await start({
      publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      verify: (token) => (token === 'opaque' ? 'bob' : undefined),
    });
    const claims = { exp: Date.now() / 1000 + 60, preferred_username: 'newcomer' };
    expect(await get(signToken(claims, privateKey))).toMatchObject({
      status: 200,
      user: 'newcomer',
    });
    expect(await get('opaque')).toMatchObject({ status: 200, user: 'bob' });
    expect((await get('other')).status).toBe(401);
  });

  it('that is invalid is reported as such, if configured', async () => {
    await start({ failSilently: false });
    const { status, json } = await get('x.y.z');
    expect(status).toBe(401);
    expect(json.error.briefSummary).not.toContain('not supported');
  });

  it('is parsed strictly', () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const claims = { exp: NOW / 1000 + 1, nbf: NOW / 1000 };
    const token = signToken(claims, privateKey);
    const [header, payload, signature] = token.split('.');
    expect(verifyToken(token, publicKey, NOW)).toEqual(claims);
    expect(verifyToken(token, publicKey, NOW + 1000)).toBeUndefined();
    expect(verifyToken(token, publicKey, NOW - 1)).toBeUndefined();
    expect(verifyToken(signToken({}, privateKey), publicKey, NOW)).toBeUndefined();
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const wrong of [
      `${none}.${payload}.`,
      `${none}.${payload}.${signature}`,
      `${header}.${payload}.`,
      `${header}.${payload}.${signature}.x`,
      `${header}.e30.${signature}`,
      '',
      'x',
    ]) {
      expect(verifyToken(wrong, publicKey, NOW)).toBeUndefined();
    }
  });
});
