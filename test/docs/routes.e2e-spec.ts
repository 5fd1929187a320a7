import { readFile } from 'node:fs/promises';
import type { Bff } from '../harness/bff.js';
import { it } from '../harness/fixtures.js';
import { MarkdownDocument, allDocuments } from '../harness/markdown.js';

interface Route {
  readonly method?: string;
  readonly path: string;
}

const PREFIX = '/alfresco/api/-default-/public/alfresco/versions/1';
/** First segments of the paths of this service. */
const OWN = /^\/(?:downloads|nodes|docs|health|metrics|problems)(?:\/|$)/;
/**
 * Paths of the page that uses the API, of Alfresco, of a trace collector, of the image, and of the application that embeds the
 * API.
 */
const OF_OTHERS = [
  '/',
  '/example',
  '/tickets',
  '/alfresco',
  '/alfresco/api/discovery',
  '/v1/traces',
  '/app/data',
  '/api/archive',
];

/** A URL of the demo, or a shell variable for one. */
const CALLED = /(?:http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?|\$\{?\w+\}?)(\/[\w$:{}./-]*)/g;

const pattern = (path: string) =>
  path
    .replace(PREFIX, '')
    .replace(/\/(?::id|\$\{?[\w.]+\}?|[0-9a-f]{8}-[0-9a-f-]{27})(?=\/|$)/g, '/{id}')
    .replace(/(?<=.)\/$/, '');

/** Routes in the text, and URLs of this service in blocks of code. */
function routesIn({ codes, fences }: MarkdownDocument): Route[] {
  const named = codes.flatMap((code): Route[] => {
    const [, method, path] = /^(?:([A-Z]+) )?(\/[^\s?]*)/.exec(code) ?? [];
    return path ? [{ method, path: pattern(path) }] : [];
  });
  const called = fences.flatMap(({ text }) =>
    [...text.matchAll(CALLED)]
      .map(([, path]) => ({ path: pattern(path!) }))
      .filter(({ path }) => OWN.test(path)),
  );
  return [...named, ...called];
}

/** Whether the route exists: in the OpenAPI document, or by the response to a request. */
async function exists(
  { method, path }: Route,
  { url: base }: Bff,
  paths: Record<string, object>,
): Promise<boolean> {
  // Those of log-ins together.
  if (path === '/auth') return true;
  const item = paths[path];
  if (item) return method === undefined || method.toLowerCase() in item;
  if (!OWN.test(path) || path.includes('{id}')) return false;
  const url = base + path.replace(/\{\w+\}/, 'validation-failed');
  return (await fetch(url, { method: method ?? 'GET' })).ok;
}

// The changelog mentions former routes, and the sandbox has other routes.
const documents = (await allDocuments()).filter(
  ({ path }) => path !== 'CHANGELOG.md' && path !== 'sandbox/README.md',
);

describe('a route that a document names', () => {
  it.for(documents.map((document) => [document.path, document] as const))(
    'exists: %s',
    async ([, document], { bff }) => {
      const { paths } = JSON.parse(await readFile('openapi.json', 'utf8')) as {
        paths: Record<string, object>;
      };
      const routes = routesIn(document).filter(({ path }) => !OF_OTHERS.includes(path));
      const found = await Promise.all(routes.map((route) => exists(route, bff, paths)));
      expect(routes.filter((_route, index) => !found[index])).toEqual([]);
    },
  );

  it('is found in text and in URLs', () => {
    const text =
      '`PUT /downloads/{id}?a=b` `/metrics`\n\n```sh\ncurl "$BASE/downloads/$id" http://localhost:1/nope\n```\n';
    expect(routesIn(new MarkdownDocument('x.md', text))).toEqual([
      { method: 'PUT', path: '/downloads/{id}' },
      { method: undefined, path: '/metrics' },
      { path: '/downloads/{id}' },
    ]);
  });
});
