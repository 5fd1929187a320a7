import { METHODS } from 'node:http';
import { gzipSync } from 'node:zlib';
import openapi from '../../openapi.json' with { type: 'json' };
import { AS_ALICE } from '../harness/bff.js';
import { EVERY_SCHEME } from '../harness/every-scheme.js';
import { configured } from '../harness/fixtures.js';
import { rawRequest } from '../harness/raw-http.js';

/** With every route. */
const it = configured({ variables: EVERY_SCHEME });

const CORE = '/alfresco/api/-default-/public/alfresco/versions/1';
const TICKETS = '/alfresco/api/-default-/public/authentication/versions/1/tickets';

/** Tests of the service under Alfresco's prefix, with the OPTIONS route that CORS adds to every path. */
const prefixed = configured({
  variables: { API_PREFIX: CORE, CORS_ORIGINS: 'https://app.example.com' },
});

/** Paths of requests to all routes. */
const PATHS = [
  ...Object.keys(openapi.paths).map((path) => path.replaceAll(/\{\w+\}/g, 'x')),
  '/metrics',
  '/docs',
  '/docs/openapi.json',
];

/** Bodies that are rejected where bodies are parsed. */
const BODIES: [string, Record<string, string>, string | Buffer][] = [
  ['text', { 'Content-Type': 'text/plain' }, 'hello'],
  ['malformed JSON', { 'Content-Type': 'application/json' }, '{'],
  ['a body that is too large', { 'Content-Type': 'application/json' }, ' '.repeat(200_000)],
  ['a compressed body', { 'Content-Encoding': 'gzip' }, gzipSync('{}')],
  ['no body', {}, ''],
];

describe('a method that a route does not have is 405 with Allow, whatever the body', () => {
  // Each path with one of the bodies, in rotation.
  it.for(PATHS.map((path, index) => [path, ...BODIES[index % BODIES.length]!] as const))(
    '%s with %s',
    async ([path, , headers, body], { bff, sandbox }) => {
      const { headers: options } = await rawRequest(bff.port, { method: 'LOCK', path });
      const allowed = options.allow!.split(', ');
      // Node.js treats CONNECT as a tunnel and emits no request.
      for (const method of METHODS.filter(
        (name) => !allowed.includes(name) && name !== 'CONNECT',
      )) {
        const response = await rawRequest(bff.port, { method, path, headers, body });
        expect([method, response.status]).toEqual([method, 405]);
        expect(response.headers.allow).toBe(options.allow);
      }
      expect(sandbox.requests).toEqual([]);
    },
  );

  prefixed.for([
    [TICKETS, 'POST'],
    [`${TICKETS}/-me-`, 'DELETE, GET, HEAD'],
    [`${CORE}/downloads`, 'GET, HEAD, POST'],
    [`${CORE}/nodes/x/content`, 'GET, HEAD'],
  ] as const)('also under Alfresco’s path: %s', async ([path, allow], { bff }) => {
    for (const method of ['OPTIONS', 'PATCH', 'PUT', 'QUERY', 'PROPFIND']) {
      for (const [, headers, body] of BODIES) {
        const response = await rawRequest(bff.port, { method, path, headers, body });
        expect([method, response.status, response.headers.allow]).toEqual([method, 405, allow]);
      }
    }
  });

  it.for(BODIES)(
    'and a path that does not exist is 404: %s',
    async ([, headers, body], { bff }) => {
      for (const method of METHODS.filter((name) => name !== 'CONNECT')) {
        const { status } = await rawRequest(bff.port, { method, path: '/no/such', headers, body });
        expect([method, status]).toEqual([method, 404]);
      }
    },
  );
});

describe('a request body with a Content-Encoding', () => {
  const bodies = [
    ['POST', '/downloads'],
    ['POST', '/downloads/content'],
    ['POST', '/downloads/x/request-direct-access-url'],
    ['DELETE', '/downloads/x'],
    ['DELETE', '/nodes/x'],
  ].flatMap(([method, path]) =>
    ['gzip', 'br', 'GZIP, identity', 'x'].map((coding) => [method!, path!, coding] as const),
  );

  it.for(bodies)(
    'is rejected with the accepted encodings: %s %s, %s',
    async ([method, path, coding], { bff, sandbox }) => {
      const response = await rawRequest(bff.port, {
        method,
        path,
        headers: { ...AS_ALICE, 'Content-Type': 'application/json', 'Content-Encoding': coding },
        body: gzipSync('{"nodeIds":["x"]}'),
      });
      expect(response.status).toBe(415);
      expect(response.headers['accept-encoding']).toBe('identity');
      expect(response.json()).toMatchObject({
        code: 'UNSUPPORTED_MEDIA_TYPE',
        detail: expect.stringContaining('Content-Encoding') as string,
        errors: [{ parameter: 'Content-Encoding', detail: 'must be identity, or absent' }],
      });
      expect(sandbox.requests).toEqual([]);
    },
  );

  prefixed('is refused at the login of Alfresco’s clients, too', async ({ bff }) => {
    const response = await rawRequest(bff.port, {
      method: 'POST',
      path: TICKETS,
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      body: gzipSync('{}'),
    });
    expect([response.status, response.headers['accept-encoding']]).toEqual([415, 'identity']);
  });

  it.for(['identity', 'Identity, identity', ''])(
    'is accepted when it is empty or identity: %j',
    async (coding, { bff }) => {
      const headers = {
        ...AS_ALICE,
        'Content-Type': 'application/json',
        'Content-Encoding': coding,
      };
      const response = await rawRequest(bff.port, {
        method: 'POST',
        path: '/downloads',
        headers,
        body: '{}',
      });
      expect(response.status).toBe(400);
    },
  );
});

describe('the response to a body with thousands of mistakes', () => {
  it.for<[string, unknown]>([
    ['numbers', { nodeIds: Array<number>(32_700).fill(0) }],
    ['arrays', { nodeIds: Array.from({ length: 21_000 }, () => []) }],
    ['the same id', { nodeIds: Array<string>(16_000).fill('a') }],
    ['unknown members', Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`m${n}`, n]))],
    ['an unknown member with a long name', { ['x'.repeat(60_000)]: 1 }],
    ['an unknown member with a long name of escapes', { ['~/'.repeat(30_000)]: 1 }],
  ])('names twenty of them at most: %s', async ([, body], { bff }) => {
    for (const path of [
      '/downloads',
      '/downloads/content',
      '/downloads/x/request-direct-access-url',
    ]) {
      const response = await rawRequest(bff.port, {
        method: 'POST',
        path,
        headers: { ...AS_ALICE, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(400);
      expect(response.body.length).toBeLessThan(8000);
      const { errors } = response.json() as { errors: unknown[] };
      expect(errors.length).toBeGreaterThan(0);
      expect(errors.length).toBeLessThanOrEqual(20);
    }
  });
});

describe('Alfresco’s own summary of an error', () => {
  it.for<[string, unknown, string]>([
    ['a repeated id', { nodeIds: ['a', 'a'] }, 'nodeIds/1 repeats an earlier id'],
    ['no ids', { nodeIds: [] }, 'nodeIds must hold at least one node id'],
    ['no object', [], 'The body must be a JSON object'],
    ['an unknown member', { nodeIds: ['a'], x: 1 }, 'x is not a known member'],
  ])('says what is wrong: %s', async ([, body, briefSummary], { bff }) => {
    const response = await rawRequest(bff.port, {
      method: 'POST',
      path: '/downloads',
      headers: { ...AS_ALICE, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.json()).toMatchObject({
      error: { briefSummary, errorKey: 'VALIDATION_FAILED' },
    });
  });

  it('covers several mistakes, and parameters', async ({ bff }) => {
    const summaryOf = async (path: string) => {
      const response = await rawRequest(bff.port, { path, headers: AS_ALICE });
      return (response.json() as { error: { briefSummary: string } }).error.briefSummary;
    };
    expect(await summaryOf('/downloads?maxItems=x')).toMatch(/^maxItems must be /);
    expect(await summaryOf('/downloads/unknown')).toMatch(/\w/);
    const response = await rawRequest(bff.port, {
      method: 'POST',
      path: '/downloads',
      headers: { ...AS_ALICE, 'Content-Type': 'application/json' },
      body: '{"nodeIds":["!","a","a"]}',
    });
    const { error } = response.json() as { error: { briefSummary: string } };
    expect(error.briefSummary).toMatch(
      /^nodeIds\/0 must be a node id: .*; nodeIds\/2 repeats an earlier id$/,
    );
  });
});
