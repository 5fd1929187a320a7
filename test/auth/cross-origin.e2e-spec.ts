import request from 'supertest';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, type Bff } from '../harness/bff.js';
import { configured, it as unlistedTest } from '../harness/fixtures.js';
import { rawRequest } from '../harness/raw-http.js';

const LISTED = 'https://app.example.com';
const OTHER = 'https://evil.example.com';

/** Tests with listed origins, in a spelling that differs from that of browsers. */
const it = configured({
  variables: { CORS_ORIGINS: 'HTTPS://App.Example.com:443,http://localhost:4200' },
});

type Headers = Record<string, string>;

function corsHeadersOf(headers: Headers): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}

function create({ url }: Bff, headers: Headers) {
  return request(url)
    .post('/downloads')
    .set({ ...AS_ALICE, ...headers })
    .send({ nodeIds: [SAMPLE_NODES.projectsFolder] });
}

describe('a request that changes state', () => {
  it.for<[string, Headers]>([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: OTHER }],
    ['another site, without its origin', { 'sec-fetch-site': 'cross-site' }],
    ['a neighbour on the same site', { 'sec-fetch-site': 'same-site', origin: OTHER }],
    ['an unknown value', { 'sec-fetch-site': 'elsewhere' }],
    ['an older browser on another site', { origin: OTHER }],
    ['a sandboxed page', { origin: 'null' }],
    ['a sandboxed page that says cross-site', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
    ['a malformed origin', { origin: 'evil' }],
    ['the listed origin as a prefix', { origin: `${LISTED}.evil.example` }],
    ['the listed host over plain HTTP', { origin: 'http://app.example.com' }],
    ['the listed host on another port', { origin: `${LISTED}:8443` }],
    ['this host on another port', { origin: 'http://127.0.0.1:1' }],
    ['two origins, one of them listed', { origin: `${LISTED}, ${OTHER}` }],
  ])(
    'is refused from %s, before credentials are asked for',
    async ([, headers], { bff, sandbox }) => {
      for (const method of ['post', 'put', 'patch', 'delete'] as const) {
        const path = method === 'post' ? '/downloads' : '/downloads/some-id';
        const {
          status,
          body,
          headers: received,
        } = await request(bff.url)[method](path).set(headers);
        expect([status, (body as { code: string }).code]).toEqual([403, 'ORIGIN_FORBIDDEN']);
        expect(received['content-type']).toMatch(/^application\/problem\+json/);
        expect(received['www-authenticate']).toBeUndefined();
        expect(corsHeadersOf(received)).toEqual([]);
      }
      await create(bff, headers).expect(403);
      expect(sandbox.requests).toEqual([]);
    },
  );

  it.for<[string, (own: string) => Headers]>([
    ['a client that is not a browser', () => ({})],
    ['a page of this service', (own) => ({ 'sec-fetch-site': 'same-origin', origin: own })],
    ['an older browser on a page of this service', (own) => ({ origin: own })],
    ['the address bar', () => ({ 'sec-fetch-site': 'none' })],
    ['a listed origin', () => ({ 'sec-fetch-site': 'cross-site', origin: LISTED })],
    ['a listed origin in an older browser', () => ({ origin: LISTED })],
    ['the other listed origin', () => ({ origin: 'http://localhost:4200' })],
  ])('is accepted from %s', async ([, headers], { bff }) => {
    await create(bff, headers(`http://127.0.0.1:${bff.port}`)).expect(202);
  });

  unlistedTest('is refused from every origin but its own when none is listed', async ({ bff }) => {
    await create(bff, { origin: LISTED }).expect(403);
    await create(bff, {}).expect(202);
  });
});

it('a page of another site may link here: reading changes nothing', async ({ bff }) => {
  await request(bff.url)
    .get('/downloads/unknown')
    .set({ ...AS_ALICE, origin: OTHER, 'sec-fetch-site': 'cross-site' })
    .expect(404);
});

describe('a page of a listed origin', () => {
  it('gets a preflight response that lists what it may send, valid for some minutes', async ({
    bff,
    sandbox,
  }) => {
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
    expect(headers['access-control-allow-headers']?.split(', ')).toEqual([
      'Accept',
      'Authorization',
      'Cache-Control',
      'Content-Type',
      'Idempotency-Key',
      'If-None-Match',
      'If-Range',
      'Last-Event-ID',
      'Prefer',
      'Range',
      'Traceparent',
      'Tracestate',
      'X-CSRF-Token',
      'X-Request-Id',
      'X-Requested-With',
    ]);
    expect(headers.vary).toMatch(/\bOrigin\b/i);
    expect(sandbox.requests).toEqual([]);
  });

  it('may read the response and the headers that it needs', async ({ bff }) => {
    const { headers } = await create(bff, { origin: LISTED }).expect(202);
    expect(headers['access-control-allow-origin']).toBe(LISTED);
    expect(headers['access-control-expose-headers']?.split(', ')).toEqual(
      expect.arrayContaining(['Location', 'Retry-After', 'RateLimit', 'X-Request-Id']),
    );
  });

  it.for([
    ['no credentials', '/downloads/x', 401],
    ['no route', '/nowhere', 404],
  ] as const)('may read an error: %s', async ([, path, status], { bff }) => {
    const { headers } = await request(bff.url).get(path).set({ origin: LISTED }).expect(status);
    expect(headers['access-control-allow-origin']).toBe(LISTED);
  });
});

describe('a page of another origin', () => {
  it.for([OTHER, 'null', `${LISTED}.evil.example`, 'http://app.example.com'])(
    'gets no CORS headers: %s',
    async (origin, { bff }) => {
      const preflight = await request(bff.url)
        .options('/downloads')
        .set({ origin, 'access-control-request-method': 'POST' })
        .expect(405);
      const read = await request(bff.url)
        .get('/downloads/x')
        .set({ ...AS_ALICE, origin });
      for (const { headers } of [preflight, read]) {
        expect(corsHeadersOf(headers)).toEqual([]);
        expect(headers.vary).toMatch(/\bOrigin\b/i);
      }
    },
  );
});

describe('an OPTIONS request that is not a preflight', () => {
  it.for<[string, Headers]>([
    ['from a listed origin', { origin: LISTED }],
    ['from a client that is not a browser', {}],
  ])('%s is left to the router', async ([, headers], { bff }) => {
    const known = await request(bff.url).options('/downloads').set(headers).expect(405);
    expect(known.headers.allow).toBe('GET, HEAD, POST');
    expect(known.body).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    const unknown = await request(bff.url).options('/nowhere').set(headers).expect(404);
    expect(unknown.body).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });
});

unlistedTest('no header mentions CORS when no origin is listed', async ({ bff }) => {
  for (const method of ['get', 'options'] as const) {
    const server = request(bff.url);
    const { headers } = await server[method]('/downloads/x')
      .set({ ...AS_ALICE, origin: LISTED, 'access-control-request-method': 'GET' })
      .expect(method === 'get' ? 404 : 405);
    expect(corsHeadersOf(headers)).toEqual([]);
    expect(headers.vary ?? '').not.toMatch(/\bOrigin\b/i);
  }
});

describe('the headers that protect a browser', () => {
  it.for([
    ['a response', 'GET', '/health/live', 200],
    ['the docs', 'GET', '/docs', 200],
    ['a script of the docs', 'GET', '/docs/swagger-ui-init.js', 200],
    ['an error', 'GET', '/downloads/x', 401],
    ['an error of the router', 'GET', '/downloads/%ff', 400],
    ['a path that does not exist', 'GET', '/nowhere', 404],
    ['a method that does not exist there', 'PUT', '/downloads', 405],
  ] as const)('are on %s', async ([, method, path, status], { bff }) => {
    const response = await rawRequest(bff.port, { method, path });
    expect(response.status).toBe(status);
    expect(response.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none';.*frame-ancestors 'none'/,
      ) as string,
    });
    expect(Object.keys(response.headers)).not.toContain('x-powered-by');
    // Over plain HTTP it must not be sent (RFC 6797, section 7.2).
    expect(Object.keys(response.headers)).not.toContain('strict-transport-security');
  });

  it('are on the ZIP', async ({ bff, api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const { headers } = await request(bff.url)
      .get(`/downloads/${id}/content`)
      .set({ ...api.headers })
      .expect(200);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
});
