import request from 'supertest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { rawRequest } from '../harness/raw-http.js';

const LISTED = 'https://app.example.com';
const OTHER = 'https://evil.example.com';

let sandbox: Sandbox;
let bff: Bff;
let withoutCors: Bff;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, {
    CORS_ORIGINS: 'HTTPS://App.Example.com:443,http://localhost:4200',
  });
  withoutCors = await startBff(sandbox.url);
});
beforeEach(() => {
  sandbox.requests.length = 0;
});
afterAll(async () => {
  await bff.close();
  await withoutCors.close();
  await sandbox.close();
});

type Headers = Record<string, string>;

const own = () => `http://127.0.0.1:${bff.port}`;

function corsHeadersOf(headers: Headers): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}

function create(headers: Headers, service = bff) {
  return request(service.url)
    .post('/downloads')
    .set({ ...AS_ALICE, ...headers })
    .send({ nodeIds: [SAMPLE_NODES.projectsFolder] });
}

describe('a request that changes state', () => {
  it.each<[string, Headers]>([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: OTHER }],
    ['another site, without its origin', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour on the same site', { 'sec-fetch-site': 'same-site', origin: OTHER }],
    ['an unheard-of site', { 'sec-fetch-site': 'elsewhere' }],
    ['an older browser on another site', { origin: OTHER }],
    ['a sandboxed page', { origin: 'null' }],
    ['a sandboxed page that says cross-site', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['an origin that is none', { origin: 'evil' }],
    ['the listed origin as a prefix', { origin: `${LISTED}.evil.example` }],
    ['the listed host over plain HTTP', { origin: 'http://app.example.com' }],
    ['the listed host on another port', { origin: `${LISTED}:8443` }],
    ['this host on another port', { origin: 'http://127.0.0.1:1' }],
    ['two origins, one of them listed', { origin: `${LISTED}, ${OTHER}` }],
  ])('is refused from %s, before anyone asks for credentials', async (_who, headers) => {
    for (const method of ['post', 'put', 'patch', 'delete'] as const) {
      const path = method === 'post' ? '/downloads' : '/downloads/some-id';
      const { status, body, headers: answered } = await request(bff.url)[method](path).set(headers);
      expect([status, (body as { code: string }).code]).toEqual([403, 'ORIGIN_FORBIDDEN']);
      expect(answered['content-type']).toMatch(/^application\/problem\+json/);
      expect(answered['www-authenticate']).toBeUndefined();
      expect(corsHeadersOf(answered)).toEqual([]);
    }
    await create(headers).expect(403);
    expect(sandbox.requests).toEqual([]);
  });

  it.each<[string, () => Headers]>([
    ['no browser', () => ({})],
    ['a page of this service', () => ({ 'sec-fetch-site': 'same-origin', origin: own() })],
    ['an older browser on a page of this service', () => ({ origin: own() })],
    ['the address bar', () => ({ 'sec-fetch-site': 'none' })],
    ['a listed origin', () => ({ 'sec-fetch-site': 'cross-site', origin: LISTED })],
    ['a listed origin in an older browser', () => ({ origin: LISTED })],
    ['the other listed origin', () => ({ origin: 'http://localhost:4200' })],
  ])('is taken from %s', async (_who, headers) => {
    await create(headers()).expect(202);
  });

  it('is refused from every origin but its own when none is listed', async () => {
    await create({ origin: LISTED }, withoutCors).expect(403);
    await create({}, withoutCors).expect(202);
  });
});

it('lets pages of other sites link here: reading changes nothing', async () => {
  await request(bff.url)
    .get('/downloads/unknown')
    .set({ ...AS_ALICE, origin: OTHER, 'sec-fetch-site': 'cross-site' })
    .expect(404);
});

describe('a page of a listed origin', () => {
  it('asks first and is told what it may send, for some minutes', async () => {
    const { headers } = await request(bff.url)
      .options('/downloads')
      .set({
        origin: LISTED,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      })
      .expect(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
      'access-control-max-age': '600',
    });
    expect(headers['access-control-allow-headers']?.toLowerCase().split(', ')).toEqual(
      expect.arrayContaining(['authorization', 'content-type', 'idempotency-key', 'range']),
    );
    expect(headers.vary).toMatch(/\bOrigin\b/i);
    expect(sandbox.requests).toEqual([]);
  });

  it('may read the answer and the headers that it needs', async () => {
    const { headers } = await create({ origin: LISTED }).expect(202);
    expect(headers['access-control-allow-origin']).toBe(LISTED);
    expect(headers['access-control-expose-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['Location', 'Retry-After', 'RateLimit', 'X-Request-Id']),
    );
  });

  it.each([
    ['no credentials', '/downloads/x', 401],
    ['no route', '/nowhere', 404],
  ])('may read a refusal: %s', async (_what, path, status) => {
    const { headers } = await request(bff.url).get(path).set({ origin: LISTED }).expect(status);
    expect(headers['access-control-allow-origin']).toBe(LISTED);
  });
});

describe('a page of another origin', () => {
  it.each([OTHER, 'null', `${LISTED}.evil.example`, 'http://app.example.com'])(
    'is told nothing: %s',
    async (origin) => {
      const asked = await request(bff.url)
        .options('/downloads')
        .set({ origin, 'access-control-request-method': 'POST' })
        .expect(405);
      const read = await request(bff.url)
        .get('/downloads/x')
        .set({ ...AS_ALICE, origin });
      for (const { headers } of [asked, read]) {
        expect(corsHeadersOf(headers)).toEqual([]);
        expect(headers.vary).toMatch(/\bOrigin\b/i);
      }
    },
  );
});

describe('OPTIONS that is no preflight', () => {
  it.each<[string, Headers]>([
    ['from a listed origin', { origin: LISTED }],
    ['from no browser', {}],
  ])('is answered by the router %s', async (_who, headers) => {
    const known = await request(bff.url).options('/downloads').set(headers).expect(405);
    expect(known.headers.allow).toBe('GET, HEAD, POST');
    expect(known.body).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    const unknown = await request(bff.url).options('/nowhere').set(headers).expect(404);
    expect(unknown.body).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });
});

it('says nothing of CORS when no origin is listed', async () => {
  for (const method of ['get', 'options'] as const) {
    const server = request(withoutCors.url);
    const { headers } = await server[method]('/downloads/x')
      .set({ ...AS_ALICE, origin: LISTED, 'access-control-request-method': 'GET' })
      .expect(method === 'get' ? 404 : 405);
    expect(corsHeadersOf(headers)).toEqual([]);
    expect(headers.vary).toBeUndefined();
  }
});

describe('the headers that protect a browser', () => {
  it.each([
    ['an answer', 'GET', '/health/live', 200],
    ['the docs', 'GET', '/docs', 200],
    ['a script of the docs', 'GET', '/docs/swagger-ui-init.js', 200],
    ['a refusal', 'GET', '/downloads/x', 401],
    ['a refusal of the router', 'GET', '/downloads/%ff', 400],
    ['a path that does not exist', 'GET', '/nowhere', 404],
    ['a method that does not exist there', 'PUT', '/downloads', 405],
  ])('are on %s', async (_what, method, path, status) => {
    const answer = await rawRequest(bff.port, { method, path });
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none';.*frame-ancestors 'none'/,
      ) as string,
    });
    expect(Object.keys(answer.headers)).not.toContain('x-powered-by');
    // Over plain HTTP it must not be sent (RFC 6797, section 7.2).
    expect(Object.keys(answer.headers)).not.toContain('strict-transport-security');
  });

  it('are on the ZIP', async () => {
    const created = await create({}).expect(202);
    const path = `${created.headers.location}/content`;
    let answer = await request(bff.url).get(path).set(AS_ALICE);
    while (answer.status === 409) answer = await request(bff.url).get(path).set(AS_ALICE);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
});
