import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { basic } from '../harness/bff.js';
import { Demo } from '../harness/demo.js';
import { leaksIn } from '../harness/leaks.js';
import { rawRequest } from '../harness/raw-http.js';

const AS_DEMO = { authorization: basic({ name: 'demo', password: 'demo' }) };

let demo: Demo;
beforeAll(async () => {
  demo = await Demo.start();
});
afterEach(() => demo.sandbox.clearFaults());
afterAll(() => demo.close());

function folder(id: string, headers: Record<string, string> = AS_DEMO): Promise<Response> {
  return fetch(`${demo.url}/demo/folders/${id}`, { headers });
}

/** Files that the page names, and the modules that those import. */
async function filesOf(path: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(path)) return seen;
  seen.add(path);
  const answer = await fetch(demo.url + path);
  expect(answer.status, path).toBe(200);
  const text = await answer.text();
  const references = text.matchAll(/(?:from|src=|href=)\s*["']([^"':]+)["']/g);
  for (const [, reference] of references) {
    await filesOf(new URL(reference!, demo.url + path).pathname, seen);
  }
  return seen;
}

describe('the page of the demo', () => {
  it('is served with everything it needs, and nothing that is for tests', async () => {
    const files = [...(await filesOf('/'))];
    expect(files).toContain('/demo/page.css');
    expect(files).toContain('/demo/event-stream.parser.ts');
    expect((await fetch(`${demo.url}/demo/page.ts`)).headers.get('content-type')).toBe(
      'text/javascript; charset=utf-8',
    );
    for (const name of ['wording.spec.ts', 'scripted-server.fixture.ts', 'tsconfig.json']) {
      expect((await fetch(`${demo.url}/demo/${name}`)).status).toBe(404);
    }
  });

  it('allows the browser no scripts but its own', async () => {
    const { headers } = await fetch(demo.url);
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the folders of the demo', () => {
  it('are listed with what may be chosen in them', async () => {
    const answer = await folder(SAMPLE_NODES.nestedFolder);
    expect(await answer.json()).toEqual({
      items: [
        { id: SAMPLE_NODES.nestedSubFolder, name: 'subFolder1', isFolder: true },
        { id: SAMPLE_NODES.thirdTextFile, name: 'docTest3.txt', isFolder: false, size: 13 },
      ],
      hasMoreItems: false,
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each<[string, Record<string, string>]>([
    ['nobody', {}],
    ['a wrong password', { authorization: basic({ name: 'demo', password: 'x' }) }],
  ])('are not for %s', async (_who, headers) => {
    const answer = await folder('-root-', headers);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ status: 401, title: 'Log in to see the folders' });
  });

  it.each(['does-not-exist', '%2e%2e', '..%2f..%2fnodes', 'x%2Fy', 'x%00', '%20'])(
    'are none where there is none: %s',
    async (path) => {
      const port = Number(new URL(demo.url).port);
      const answer = await rawRequest(port, { path: `/demo/folders/${path}`, headers: AS_DEMO });
      expect(answer.status).toBe(404);
      expect(answer.json()).toEqual({ status: 404, title: 'There is no such folder' });
    },
  );

  it.each([
    ['fails', { kind: 'status', status: 500 }],
    ['answers with a page', { kind: 'html', status: 200 }],
    ['answers with half a document', { kind: 'malformed-json' }],
    ['cuts the connection', { kind: 'reset' }],
    ['redirects', { kind: 'redirect', location: 'http://127.0.0.1:1/' }],
    ['refuses the account', { kind: 'status', status: 401 }],
  ] as const)('cannot be read when Alfresco %s', async (_what, fault) => {
    demo.sandbox.fail(fault, { path: /children/ });
    const answer = await folder('-root-');
    const text = await answer.text();
    expect(answer.status).toBe(502);
    expect(leaksIn(text)).toEqual([]);
    expect(JSON.parse(text)).toEqual({ status: 502, title: 'The folder cannot be read now' });
  });
});
