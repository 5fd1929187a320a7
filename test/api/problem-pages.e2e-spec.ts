import request from 'supertest';
import { PROBLEMS, type ProblemCode } from '#service/problems/problem.catalogue.js';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE, type Bff, startBff } from '../harness/bff.js';
import { Events } from '../harness/event-stream.js';
import { rawBytes } from '../harness/raw-http.js';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];
const PREFIX = 'alfresco/api/-default-/public/alfresco/versions/1';

let sandbox: Sandbox;
let bff: Bff;

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, { CORS_ORIGINS: 'https://app.example.com' });
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

const get = (path: string, accept?: string) => {
  const asked = request(bff.url).get(path);
  return accept === undefined ? asked : asked.set('Accept', accept);
};

/** What a reader sees of a page. */
const textOf = (html: string) =>
  html
    .replace(/<(style|title)>.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, '')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
const withoutMarkup = (markdown: string) => markdown.replaceAll('`', '');

describe('the explanation of a problem', () => {
  it.each(CODES)('%s is there for people and for programs', async (code) => {
    const { title, status, description, forCaller, forOperator } = PROBLEMS[code];
    const slug = code.toLowerCase().replaceAll('_', '-');
    const { body } = await get(`/problems/${slug}`).expect(200);
    expect(body).toEqual({
      type: `/problems/${slug}`,
      code,
      status,
      title,
      description,
      forCaller,
      forOperator,
    });
    const { text } = await get(`/problems/${slug}`, 'text/html').expect(200);
    for (const part of [title, code, String(status), description, forCaller, forOperator]) {
      expect(textOf(text)).toContain(withoutMarkup(part));
    }
    expect((await get(`/problems/${code}`).expect(200)).body).toEqual(body);
    expect((await get(`/problems/${code}`, 'text/html').expect(200)).text).toBe(text);
    expect(text).toContain(`<link rel="canonical" href="/problems/${slug}">`);
  });

  it('is listed with all others', async () => {
    const { body } = await get('/problems').expect(200);
    const { problems } = body as { problems: { code: string; type: string }[] };
    expect(problems.map(({ code }) => code)).toEqual(CODES);
    const { text } = await get('/problems', 'text/html').expect(200);
    const links = [...text.matchAll(/<a href="([^"]+)"/g)].map(([, link]) => link);
    expect(links).toEqual(problems.map(({ type }) => type));
  });

  it.each([
    ['none', undefined, 'application/json'],
    ['*/*', '*/*', 'application/json'],
    ['that of a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', 'text/html'],
    ['text/*', 'text/*', 'text/html'],
    ['JSON before HTML', 'text/html;q=0.5, application/json', 'application/json'],
    ['anything but JSON', 'application/json;q=0, */*', 'text/html'],
  ])('comes in the type that the caller likes best: Accept %s', async (_name, accept, type) => {
    for (const path of ['/problems', '/problems/forbidden']) {
      const { headers } = await get(path, accept).expect(200);
      expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
      expect(headers.vary).toMatch(/\bAccept\b/);
    }
  });

  it.each(['image/png', 'application/json;q=0', 'nonsense'])(
    'is refused to who takes %s only',
    async (accept) => {
      const { body } = await get('/problems/forbidden', accept).expect(406);
      expect(body).toMatchObject({ code: 'NOT_ACCEPTABLE' });
    },
  );

  it('may be kept by every cache, and differs by what it was asked with', async () => {
    const { headers } = await get('/problems/forbidden')
      .set('Origin', 'https://app.example.com')
      .expect(200);
    expect(headers['cache-control']).toBe('public, max-age=3600');
    expect(headers.vary).toBe('Origin, Accept');
  });

  it.each(['/problems/', '/problems/forbidden/'])('is at %s, too', async (path) => {
    await get(path).expect(200);
  });

  it.each(['nope', 'constructor', '__proto__', 'Forbidden', '%3Cscript%3E', 'forbidden%20'])(
    'is not there for what is no code: %s',
    async (name) => {
      const { body, text } = await get(`/problems/${name}`, 'text/html').expect(404);
      expect(body).toMatchObject({ code: 'ROUTE_NOT_FOUND', detail: 'No problem has this code.' });
      expect(text).not.toContain('<script>');
    },
  );

  it('can only be read', async () => {
    const { headers } = await request(bff.url).post('/problems/forbidden').expect(405);
    expect(headers.allow).toBe('GET, HEAD');
    const { text } = await request(bff.url).head('/problems/forbidden').expect(200);
    expect(text).toBeUndefined();
  });
});

describe('the type of a problem document', () => {
  it('leads to its explanation, from whatever request', async () => {
    const answers = await Promise.all([
      request(bff.url).get('/downloads/x/content?link=x'),
      request(bff.url).get('/downloads/x').set(AS_ALICE),
      request(bff.url).post('/downloads').set(AS_ALICE).send({}),
      request(bff.url).get('/no/such/path'),
      request(bff.url).get('/downloads/%zz'),
    ]);
    for (const { body, request: asked } of answers) {
      const { type, code, title } = body as { type: string; code: string; title: string };
      const address = new URL(type, asked.url);
      const explanation = await (await fetch(address)).json();
      expect(explanation).toMatchObject({ type, code, title });
    }
  });

  describe('under a prefix', () => {
    let prefixed: Bff;

    beforeAll(async () => {
      prefixed = await startBff(sandbox.url, { API_PREFIX: PREFIX });
    });
    afterAll(() => prefixed.close());

    /** The type, after a look at what it leads to. */
    async function resolve({ type, code }: { type: string; code: string }): Promise<string> {
      const { body } = await request(prefixed.url).get(type).expect(200);
      expect(body).toMatchObject({ type, code });
      return type;
    }

    it('has the prefix in what is no answer of a route, too', async () => {
      const unreadable = await rawBytes(prefixed.port, 'GET / HTTP/1.1\r\nHost\r\n\r\n');
      expect(await resolve(unreadable.json() as { type: string; code: string })).toBe(
        `/${PREFIX}/problems/malformed-request`,
      );
      const base = `${prefixed.url}/${PREFIX}`;
      const id = await DownloadsApi.ofBff(base).start([SAMPLE_NODES.crashingFile]);
      const events = await Events.open(base, id);
      await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
      await events.ended;
      const { type, code } = events.received.at(-1)!.data as { type?: string; code?: string };
      expect(await resolve({ type: type!, code: code! })).toBe(
        `/${PREFIX}/problems/download-not-found`,
      );
    });

    it('has the prefix, so that it can be reached where the API can', async () => {
      const refused = await request(prefixed.url).get(`/${PREFIX}/downloads/x`);
      expect(await resolve(refused.body)).toBe(`/${PREFIX}/problems/unauthenticated`);
      const elsewhere = await request(prefixed.url).get('/problems').expect(404);
      expect(await resolve(elsewhere.body)).toBe(`/${PREFIX}/problems/route-not-found`);
      const { text } = await request(prefixed.url)
        .get(`/${PREFIX}/problems/forbidden`)
        .set('Accept', 'text/html');
      expect(text).toContain(`<a href="/${PREFIX}/problems">`);
    });
  });
});
