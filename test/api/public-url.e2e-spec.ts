import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, type Bff } from '../harness/bff.js';
import { configured, it } from '../harness/fixtures.js';
import { rawRequest } from '../harness/raw-http.js';

type Headers = Readonly<Record<string, string>>;

/** Every URL of itself that the service gives to a client that sends these headers. */
async function addressesOf({ port }: Bff, headers: Headers) {
  const all = { ...AS_ALICE, 'Content-Type': 'application/json', ...headers };
  const created = await rawRequest(port, {
    method: 'POST',
    path: '/downloads',
    headers: all,
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
  });
  const { id } = (created.json() as { entry: { id: string } }).entry;
  const path = `/downloads/${id}/request-direct-access-url`;
  const link = await rawRequest(port, { method: 'POST', path, headers: all });
  const missing = await rawRequest(port, { path: '/downloads/unknown', headers: all });
  const refused = await rawRequest(port, { path: '/downloads/50%', headers: all });
  const page = await rawRequest(port, { path: '/problems/forbidden', headers });
  const document = await rawRequest(port, { path: '/docs/openapi.json', headers });
  const script = await rawRequest(port, { path: '/docs/swagger-ui-init.js', headers });
  return {
    id,
    location: created.headers.location,
    link: (link.json() as { entry?: { contentUrl: string } }).entry?.contentUrl,
    linkStatus: link.status,
    types: [missing, refused, page].map((response) => response.json().type),
    servers: (document.json() as { servers: unknown }).servers,
    script: script.body,
  };
}

const inFront = configured({ variables: { PUBLIC_URL: 'https://apps.example.com:8443/zips/' } });
const trusting = configured({ variables: { TRUST_PROXY: '127.0.0.0/8' } });

describe('PUBLIC_URL', () => {
  inFront('decides Location, links, types and the servers of OpenAPI', async ({ bff }) => {
    const found = await addressesOf(bff, { 'X-Forwarded-Prefix': '/other', Host: 'inside:3000' });
    expect(found.location).toBe(`/zips/downloads/${found.id}`);
    expect(found.link).toMatch(
      `https://apps.example.com:8443/zips/downloads/${found.id}/content?link=`,
    );
    expect(found.types).toEqual([
      '/zips/problems/download-not-found',
      '/zips/problems/malformed-request',
      '/zips/problems/forbidden',
    ]);
    expect(found.servers).toEqual([
      { url: 'https://apps.example.com:8443/zips/', description: 'this service' },
    ]);
    expect(found.script).toContain('https://apps.example.com:8443/zips/');
    // The proxy in front strips the path.
    const { pathname, search } = new URL(found.link!);
    const path = pathname.replace('/zips', '') + search;
    expect((await rawRequest(bff.port, { path, method: 'HEAD' })).status).toBeLessThan(410);
  });

  inFront('decides the type of what the HTTP parser refuses', async ({ bff }) => {
    const response = await rawRequest(bff.port, { path: '/x y' });
    expect(response.json().type).toBe('/zips/problems/malformed-request');
  });
});

describe('X-Forwarded-Prefix', () => {
  trusting.for(['/zips', '/zips/', '/first, /zips'])(
    'of a trusted proxy names the prefix that it strips: %s',
    async (prefix, { bff }) => {
      const found = await addressesOf(bff, {
        'X-Forwarded-Prefix': prefix,
        'X-Forwarded-Proto': 'HTTPS',
        'X-Forwarded-Host': 'apps.example.com',
      });
      expect(found.location).toBe(`/zips/downloads/${found.id}`);
      expect(found.link).toMatch(`https://apps.example.com/zips/downloads/${found.id}/content?`);
      expect(found.types).toContain('/zips/problems/forbidden');
      expect(found.servers).toEqual([{ url: '/zips', description: 'this service' }]);
      const { pathname, search } = new URL(found.link!);
      const path = pathname.replace('/zips', '') + search;
      expect((await rawRequest(bff.port, { path, method: 'HEAD' })).status).toBeLessThan(410);
    },
  );

  trusting.for([
    '//evil.example',
    '/a/../b',
    '/..',
    'https://evil.example',
    '/a b',
    '/a?b',
    '/"x"',
  ])('is ignored when it is not a path: %s', async (prefix, { bff }) => {
    const found = await addressesOf(bff, { 'X-Forwarded-Prefix': prefix });
    expect(found.location).toBe(`/downloads/${found.id}`);
    expect(found.servers).toEqual([{ url: '/', description: 'this service' }]);
  });

  it('of any other client is ignored', async ({ bff }) => {
    const found = await addressesOf(bff, { 'X-Forwarded-Prefix': '/zips' });
    expect(found.location).toBe(`/downloads/${found.id}`);
    expect(found.types).toContain('/problems/forbidden');
  });
});
