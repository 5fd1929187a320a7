import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { basic } from '../harness/bff.js';
import type { Demo } from '../harness/demo.js';
import { withDemo } from '../harness/demo-fixtures.js';
import { leaksIn } from '../harness/leaks.js';
import { rawRequest } from '../harness/raw-http.js';

const AS_DEMO = { authorization: basic({ name: 'demo', password: 'demo' }) };

const it = withDemo();

function folder(
  { url }: Demo,
  id: string,
  headers: Record<string, string> = AS_DEMO,
): Promise<Response> {
  return fetch(`${url}/demo/folders/${id}`, { headers });
}

/** Files that the page refers to, and the modules that those import. */
async function filesOf(demo: Demo, path: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const response = await fetch(demo.url + path);
  expect(response.status, path).toBe(200);
  const text = await response.text();
  const references = text.matchAll(/(?:from|src=|href=)\s*["']([^"':]+)["']/g);
  for (const [, reference] of references) {
    await filesOf(demo, new URL(reference!, demo.url + path).pathname, seen);
  }
  return seen;
}

describe('the page of the demo', () => {
  it('is served with everything it needs, and without its tests', async ({ demo }) => {
    const files = [...(await filesOf(demo, '/'))];
    expect(files).toContain('/demo/page.css');
    expect(files).toContain('/demo/client/event-stream-parser.ts');
    expect((await fetch(`${demo.url}/demo/page.ts`)).headers.get('content-type')).toBe(
      'text/javascript; charset=utf-8',
    );
    for (const name of ['wording.spec.ts', 'client/scripted-server.fixture.ts', 'tsconfig.json']) {
      expect((await fetch(`${demo.url}/demo/${name}`)).status).toBe(404);
    }
  });

  it('allows the browser only its own scripts', async ({ demo }) => {
    const { headers } = await fetch(demo.url);
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the folders of the demo', () => {
  it('are listed with their documents', async ({ demo }) => {
    const response = await folder(demo, SAMPLE_NODES.nestedFolder);
    expect(await response.json()).toEqual({
      items: [
        { id: SAMPLE_NODES.nestedSubFolder, name: 'subFolder1', isFolder: true },
        { id: SAMPLE_NODES.thirdTextFile, name: 'docTest3.txt', isFolder: false, size: 13 },
      ],
      hasMoreItems: false,
    });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it.for<[string, Record<string, string>]>([
    ['without credentials', {}],
    ['with a wrong password', { authorization: basic({ name: 'demo', password: 'x' }) }],
  ])('are not listed %s', async ([, headers], { demo }) => {
    const response = await folder(demo, '-root-', headers);
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ status: 401, title: 'Log in to see the folders' });
  });

  it.for(['does-not-exist', '%2e%2e', '..%2f..%2fnodes', 'x%2Fy', 'x%00', '%20'])(
    'respond with 404 to unknown ids: %s',
    async (path, { demo }) => {
      const port = Number(new URL(demo.url).port);
      const response = await rawRequest(port, { path: `/demo/folders/${path}`, headers: AS_DEMO });
      expect(response.status).toBe(404);
      expect(response.json()).toEqual({ status: 404, title: 'There is no such folder' });
    },
  );

  it.for([
    ['responds with 500', { kind: 'status', status: 500 }],
    ['responds with an HTML page', { kind: 'html', status: 200 }],
    ['responds with half a document', { kind: 'malformed-json' }],
    ['closes the connection', { kind: 'reset' }],
    ['redirects', { kind: 'redirect', location: 'http://127.0.0.1:1/' }],
    ['rejects the account', { kind: 'status', status: 401 }],
  ] as const)('cannot be read when Alfresco %s', async ([, fault], { demo }) => {
    demo.sandbox.fail(fault, { path: /children/ });
    const response = await folder(demo, '-root-');
    const text = await response.text();
    expect(response.status).toBe(502);
    expect(leaksIn(text)).toEqual([]);
    expect(JSON.parse(text)).toEqual({ status: 502, title: 'The folder cannot be read now' });
  });
});
