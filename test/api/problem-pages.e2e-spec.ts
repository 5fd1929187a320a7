import request from 'supertest';
import { ADVICE } from '#service/problem-pages/problem-advice.js';
import { PROBLEMS, type ProblemCode } from '#service/problems/problem-catalogue.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import type { Bff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { configured, it } from '../harness/fixtures.js';
import { rawBytes } from '../harness/raw-http.js';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];
const PREFIX = '/alfresco/api/-default-/public/alfresco/versions/1';
const WEB_PAGE = 'https://app.example.com';

/** The API under a prefix, for a web page of another origin. */
const prefixed = configured({ variables: { API_PREFIX: PREFIX, CORS_ORIGINS: WEB_PAGE } });

interface ProblemName {
  readonly type: string;
  readonly code: string;
}

function get({ url }: Bff, path: string, accept?: string): request.Test {
  const pending = request(url).get(path);
  return accept === undefined ? pending : pending.set('Accept', accept);
}

/** The type of a problem document; asserts that it leads to the explanation. */
async function resolve(bff: Bff, { type, code }: ProblemName): Promise<string> {
  const { body } = await get(bff, type).expect(200);
  expect(body).toMatchObject({ type, code });
  return type;
}

/** The text of a page as rendered. */
const textOf = (html: string) =>
  html
    .replace(/<(style|title)>.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, '')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
const withoutMarkup = (markdown: string) => markdown.replaceAll('`', '');

describe('the explanation of a problem', () => {
  it.for(CODES)('is available to people and to programs: %s', async (code, { bff }) => {
    const { title, status, description } = PROBLEMS[code];
    const { forCaller, forOperator } = ADVICE[code];
    const slug = code.toLowerCase().replaceAll('_', '-');
    const { body } = await get(bff, `/problems/${slug}`).expect(200);
    expect(body).toEqual({
      type: `/problems/${slug}`,
      code,
      status,
      title,
      description,
      forCaller,
      forOperator,
    });
    const { text } = await get(bff, `/problems/${slug}`, 'text/html').expect(200);
    for (const part of [title, code, String(status), description, forCaller, forOperator]) {
      expect(textOf(text)).toContain(withoutMarkup(part));
    }
    expect((await get(bff, `/problems/${code}`).expect(200)).body).toEqual(body);
    expect((await get(bff, `/problems/${code}`, 'text/html').expect(200)).text).toBe(text);
    expect(text).toContain(`<link rel="canonical" href="/problems/${slug}">`);
  });

  it('is listed with all the others', async ({ bff }) => {
    const { body } = await get(bff, '/problems').expect(200);
    const { problems } = body as { problems: { code: string; type: string }[] };
    expect(problems.map(({ code }) => code)).toEqual(CODES);
    const { text } = await get(bff, '/problems', 'text/html').expect(200);
    const links = [...text.matchAll(/<a href="([^"]+)"/g)].map(([, link]) => link);
    expect(links).toEqual(problems.map(({ type }) => type));
  });

  it.for([
    ['none', undefined, 'application/json'],
    ['*/*', '*/*', 'application/json'],
    ['that of a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', 'text/html'],
    ['text/*', 'text/*', 'text/html'],
    ['JSON before HTML', 'text/html;q=0.5, application/json', 'application/json'],
    ['anything but JSON', 'application/json;q=0, */*', 'text/html'],
  ] as const)(
    'is sent in the type that the client prefers: Accept %s',
    async ([_name, accept, type], { bff }) => {
      for (const path of ['/problems', '/problems/forbidden']) {
        const { headers } = await get(bff, path, accept).expect(200);
        expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
        expect(headers.vary).toMatch(/\bAccept\b/);
      }
    },
  );

  it.for(['image/png', 'application/json;q=0', 'nonsense'])(
    'is JSON for a client that accepts %s only',
    async (accept, { bff }) => {
      const { body } = await get(bff, '/problems/forbidden', accept).expect(200);
      expect(body).toMatchObject({ code: 'FORBIDDEN' });
    },
  );

  prefixed('may be kept by every cache, and varies with the request', async ({ bff }) => {
    const { headers } = await get(bff, `${PREFIX}/problems/forbidden`)
      .set('Origin', WEB_PAGE)
      .expect(200);
    expect(headers['cache-control']).toBe('public, max-age=3600');
    expect(headers.vary).toBe('Origin, Accept');
  });

  it.for(['/problems/', '/problems/forbidden/'])('is at %s, too', async (path, { bff }) => {
    await get(bff, path).expect(200);
  });

  it.for(['nope', 'constructor', '__proto__', 'Forbidden', '%3Cscript%3E', 'forbidden%20'])(
    'does not exist for a name that is not a code: %s',
    async (name, { bff }) => {
      const { text } = await get(bff, `/problems/${name}`, 'text/html').expect(404);
      expect(text).toContain('No problem has this code.');
      expect(text).not.toContain('<script>');
      const { body } = await get(bff, `/problems/${name}`, 'application/json').expect(404);
      expect(body).toMatchObject({ code: 'ROUTE_NOT_FOUND', detail: 'No problem has this code.' });
    },
  );

  it('is read-only', async ({ bff }) => {
    const { headers } = await request(bff.url).post('/problems/forbidden').expect(405);
    expect(headers.allow).toBe('GET, HEAD');
    const { text } = await request(bff.url).head('/problems/forbidden').expect(200);
    expect(text).toBeUndefined();
  });
});

describe('the type of a problem document', () => {
  it('leads to its explanation after any request', async ({ bff, user }) => {
    const responses = await Promise.all([
      request(bff.url).get('/downloads/x/content?link=x'),
      request(bff.url).get('/downloads/x').set(user.headers),
      request(bff.url).post('/downloads').set(user.headers).send({}),
      request(bff.url).get('/no/such/path'),
      request(bff.url).get('/downloads/%zz'),
    ]);
    for (const { body, request: sent } of responses) {
      const { type, code, title } = body as { type: string; code: string; title: string };
      const address = new URL(type, sent.url);
      const explanation = await (await fetch(address)).json();
      expect(explanation).toMatchObject({ type, code, title });
    }
  });

  describe('under a prefix', () => {
    prefixed('has the prefix, so that it can be reached where the API can', async ({ bff }) => {
      const refused = await get(bff, `${PREFIX}/downloads/x`);
      expect(await resolve(bff, refused.body)).toBe(`${PREFIX}/problems/unauthenticated`);
      const elsewhere = await get(bff, '/problems').expect(404);
      expect(await resolve(bff, elsewhere.body)).toBe(`${PREFIX}/problems/route-not-found`);
      const { text } = await get(bff, `${PREFIX}/problems/forbidden`, 'text/html');
      expect(text).toContain(`<a href="${PREFIX}/problems">`);
    });

    prefixed('has the prefix when the request cannot be read, too', async ({ bff }) => {
      const unreadable = await rawBytes(bff.port, 'GET / HTTP/1.1\r\nHost\r\n\r\n');
      expect(await resolve(bff, unreadable.json() as unknown as ProblemName)).toBe(
        `${PREFIX}/problems/malformed-request`,
      );
    });

    prefixed(
      'has the prefix in the final event of a stream, too',
      async ({ bff, sandbox, user }) => {
        const base = bff.url + PREFIX;
        const id = await new DownloadsApi(base, user.headers).start([SAMPLE_NODES.crashingFile]);
        const events = await Events.open(base, id, user.headers);
        await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
        await events.ended;
        const problem = events.last!.data as object as ProblemName;
        expect(await resolve(bff, problem)).toBe(`${PREFIX}/problems/download-not-found`);
      },
    );
  });
});
