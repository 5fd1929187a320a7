import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE } from '../harness/bff.js';
import { configured, it } from '../harness/fixtures.js';
import { rawBytes, rawRequest } from '../harness/raw-http.js';

const LIVE = 'GET /health/live HTTP/1.1';

describe('the host of a request', () => {
  it.for([
    ['two Host lines', ['Host: a.example', 'Host: b.example']],
    ['the same Host line twice', ['Host: a.example', 'host: a.example']],
    ['no Host line', []],
    ['a host with a space', ['Host: a b']],
    ['a host with a path', ['Host: a/b']],
    ['a host with user information', ['Host: user@a.example']],
    ['a port of letters', ['Host: x:abc']],
    ['a URL', ['Host: http://x']],
    ['an unclosed bracket', ['Host: [::1']],
  ] as const)('is refused: %s', async ([, lines], { bff, sandbox }) => {
    const head = [LIVE, ...lines, 'Connection: close', '', ''].join('\r\n');
    const response = await rawBytes(bff.port, head);
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({
      code: 'MALFORMED_REQUEST',
      detail: expect.stringContaining('Host') as string,
    });
    expect(sandbox.requests).toEqual([]);
  });

  it.for([
    'a.example',
    'a.example:8080',
    '127.0.0.1',
    '[::1]:80',
    'a_b.example',
    'xn--bcher-kva.example',
  ])('is accepted: %s', async (host, { bff }) => {
    const head = [LIVE, `Host: ${host}`, 'Connection: close', '', ''].join('\r\n');
    expect((await rawBytes(bff.port, head)).status).toBe(200);
  });

  it('is that of a target in absolute form, whatever Host says', async ({ bff, api, user }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const response = await rawRequest(bff.port, {
      method: 'POST',
      path: `http://links.example:81/downloads/${id}/request-direct-access-url`,
      headers: { ...user.headers, Host: 'other.example' },
    });
    expect(response.status).toBe(200);
    const { entry } = response.json() as { entry: { contentUrl: string } };
    expect(entry.contentUrl).toMatch(`http://links.example:81/downloads/${id}/content?`);
  });

  it('is rejected when the host of a target in absolute form is invalid', async ({ bff }) => {
    const path = 'http://user@links.example/health/live';
    expect((await rawRequest(bff.port, { path })).status).toBe(400);
  });
});

describe('the response to what the HTTP parser rejects', () => {
  it.for([
    [400, `GET / HTTP/9.9\r\n\r\n`],
    [431, `${LIVE}\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
  ] as const)(
    'has Date and the headers of every other response: %i',
    async ([expected, bytes], { bff }) => {
      const ordinary = await rawRequest(bff.port, { path: '/health/live' });
      const { status, headers } = await rawBytes(bff.port, bytes);
      expect(status).toBe(expected);
      expect(Math.abs(Date.parse(headers.date!) - Date.now())).toBeLessThan(5000);
      const protection = Object.entries(ordinary.headers).filter(([name]) =>
        /^(?:x-(?!request-id)|cross-|content-security|referrer|origin-)/.test(name),
      );
      expect(protection.length).toBeGreaterThan(8);
      expect(headers).toMatchObject(Object.fromEntries(protection));
    },
  );
});

const listed = configured({ variables: { CORS_ORIGINS: 'https://app.example.com' } });

describe('what the router rejects', () => {
  const targets: [string, string][] = [
    ['half of an escape', '/downloads/50%'],
    ['half of a character', '/downloads/%E0%A4'],
    ['an id of 2,000 letters', `/downloads/${'a'.repeat(2000)}`],
  ];

  listed.for(targets)('can be read by a page of a listed origin: %s', async ([, path], { bff }) => {
    const origin = 'https://app.example.com';
    const { status, headers } = await rawRequest(bff.port, {
      path,
      headers: { ...AS_ALICE, Origin: origin },
    });
    expect(status).toBe(400);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'Origin, Accept',
    });
    expect(headers['access-control-expose-headers']).toContain('X-Request-Id');
    const preflight = await rawRequest(bff.port, {
      method: 'OPTIONS',
      path,
      headers: { Origin: origin, 'Access-Control-Request-Method': 'GET' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toContain('Authorization');
  });

  listed.for(targets)('cannot be read by other pages: %s', async ([, path], { bff }) => {
    for (const method of ['GET', 'OPTIONS']) {
      const { status, headers } = await rawRequest(bff.port, {
        method,
        path,
        headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' },
      });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});
