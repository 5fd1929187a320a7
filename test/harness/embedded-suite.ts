import type { OpenAPIObject } from '@nestjs/swagger';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from './api.js';
import type { EmbeddedApplication } from './embedded-fixtures.js';
import { Events } from './event-stream.js';
import { until } from './polling.js';
import { readZip } from './zip.js';

// The module's promises to any application, as assertions that run on the linked module in `npm test`, and on the packed
// one in `npm run test:all`.

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

export async function startsDownloads({ alice }: EmbeddedApplication): Promise<void> {
  const response = await alice.create([SAMPLE_NODES.textFile]);
  expect(response.status).toBe(202);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(response.headers.get('location')).toMatch(new RegExp(`^/api/archive/downloads/${UUID}$`));
  const { entry } = (await response.json()) as { entry: { status: string } };
  expect(entry.status).toBe('PENDING');
}

export async function streamsEvents({ alice }: EmbeddedApplication): Promise<void> {
  const id = await alice.start([SAMPLE_NODES.projectsFolder]);
  const events = await Events.open(alice.base, id, alice.headers);
  expect(events.response.headers.get('content-type')).toMatch(
    /^text\/event-stream(?:; charset=utf-8)?$/,
  );
  await events.ended;
  expect(events.names.at(-1)).toBe('done');
  expect(events.last!.data).toMatchObject({ percent: 100, entry: { id, status: 'DONE' } });
  const again = { ...alice.headers, 'last-event-id': events.last!.id };
  expect((await Events.open(alice.base, id, again)).response.status).toBe(204);
}

export async function servesContent({ alice }: EmbeddedApplication): Promise<void> {
  const id = await alice.createFinished([SAMPLE_NODES.projectsFolder]);
  const path = `/downloads/${id}/content`;
  const whole = await alice.request('GET', path);
  expect(whole.headers.get('content-disposition')).toMatch(/filename="?Projects\.zip/);
  const zip = Buffer.from(await whole.arrayBuffer());
  expect((await readZip(zip)).map(({ name }) => name)).toContain('Projects/Apollo/Plan.txt');

  const head = await alice.request('HEAD', path);
  expect(head.status).toBe(200);
  expect(head.headers.get('content-type')).toBe('application/zip');
  expect(head.headers.get('content-length')).toBe(String(zip.length));
  const etag = head.headers.get('etag')!;
  const part = await alice.request('GET', path, {
    headers: { range: 'bytes=100-', 'if-range': etag },
  });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-range')).toBe(`bytes 100-${zip.length - 1}/${zip.length}`);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(zip.subarray(100));
  const current = await alice.request('GET', path, { headers: { 'if-none-match': etag } });
  expect(current.status).toBe(304);
  const beyond = await alice.request('GET', path, { headers: { range: 'bytes=99999999-' } });
  expect(beyond.status).toBe(416);
  expect(await problemOf(beyond)).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
}

export async function respondsToLongPolls({ alice }: EmbeddedApplication): Promise<void> {
  const id = await alice.startStuck();
  const etag = (await alice.request('GET', `/downloads/${id}`)).headers.get('etag')!;
  const headers = { prefer: 'wait=1', 'if-none-match': etag };
  const startedAt = performance.now();
  const same = await alice.request('GET', `/downloads/${id}`, { headers });
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(same.status).toBe(304);
  expect(same.headers.get('preference-applied')).toBe('wait=1');

  const other = await alice.request('POST', '/downloads', {
    headers: { prefer: 'wait=20', 'content-type': 'application/json' },
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.mediumFile] }),
  });
  expect(await other.json()).toMatchObject({ entry: { status: 'DONE' } });
}

export async function deliversInOneCall({ zoe }: EmbeddedApplication): Promise<void> {
  const before = await idsOf(zoe);
  const response = await zoe.request('POST', '/downloads/content', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
  });
  expect(response.status).toBe(200);
  const zip = await readZip(Buffer.from(await response.arrayBuffer()));
  expect(zip.map(({ name, bytes }) => [name, bytes.length])).toEqual([['docTest1.txt', 13]]);
  await until(
    () => idsOf(zoe),
    (ids) => ids.length === before.length,
  );
}

export async function givesNodesAndNamedLinks({ alice }: EmbeddedApplication): Promise<void> {
  const id = await alice.createFinished([SAMPLE_NODES.textFile]);
  const node = await alice.request('GET', `/nodes/${id}?fields=name&fields=content`);
  expect(await node.json()).toMatchObject({
    entry: { name: 'docTest1.txt.zip', content: { mimeType: 'application/zip' } },
  });
  const linkTo = (body: object) =>
    alice.request('POST', `/downloads/${id}/request-direct-access-url`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { entry } = (await (await linkTo({ fileName: 'mine' })).json()) as {
    entry: { contentUrl: string };
  };
  const saved = await fetch(entry.contentUrl, { method: 'HEAD' });
  expect(saved.headers.get('content-disposition')).toBe('attachment; filename="mine.zip"');
  const refused = await linkTo({ nope: 1 });
  expect(refused.status).toBe(400);
  expect(await problemOf(refused)).toMatchObject({ errors: [{ pointer: '/nope' }] });
}

export async function removesUndelivered({ zoe }: EmbeddedApplication): Promise<void> {
  const before = await idsOf(zoe);
  const abort = new AbortController();
  const delivery = zoe.request('POST', '/downloads/content', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ nodeIds: [SAMPLE_NODES.crashingFile] }),
    signal: abort.signal,
  });
  delivery.catch(() => {});
  await until(
    () => idsOf(zoe),
    (ids) => ids.length > before.length,
  );
  abort.abort();
  await until(
    () => idsOf(zoe),
    (ids) => ids.length === before.length,
  );
}

export async function cancelsAndPurges({ alice }: EmbeddedApplication): Promise<void> {
  const id = await alice.start([SAMPLE_NODES.largeFile]);
  expect((await alice.request('DELETE', `/downloads/${id}`)).status).toBe(202);
  expect((await alice.request('DELETE', `/downloads/${id}?purge=true`)).status).toBe(204);
  const gone = await alice.request('GET', `/downloads/${id}`);
  expect(gone.status).toBe(404);
  expect(await problemOf(gone)).toMatchObject({
    code: 'DOWNLOAD_NOT_FOUND',
    instance: `/api/archive/downloads/${id}`,
  });
}

export async function verifiesLinks({ alice }: EmbeddedApplication): Promise<void> {
  const id = await alice.createFinished([SAMPLE_NODES.textFile]);
  const made = await alice.request('POST', `/downloads/${id}/request-direct-access-url`);
  expect(made.status).toBe(200);
  const { entry } = (await made.json()) as { entry: { contentUrl: string } };
  const link = new URL(entry.contentUrl);
  expect(`${link.origin}${link.pathname}`).toBe(`${alice.base}/downloads/${id}/content`);
  const saved = await fetch(link);
  expect(saved.status).toBe(200);
  expect(Buffer.from(await saved.arrayBuffer())).toEqual(await alice.content(id));

  const forged = new URL(`${link.href}x`);
  // A valid key does not make up for an invalid link.
  for (const headers of [{}, alice.headers]) {
    const refused = await fetch(forged, { headers });
    expect(refused.status).toBe(403);
    expect(await problemOf(refused)).toMatchObject({ code: 'LINK_INVALID' });
  }
  const other = new URL(link.href.replace('/content', ''));
  expect((await fetch(other)).status).toBe(401);
}

export async function keepsCallersApart({ alice, zoe }: EmbeddedApplication): Promise<void> {
  const id = await alice.createFinished([SAMPLE_NODES.textFile]);
  for (const path of [`/downloads/${id}`, `/downloads/${id}/content`, `/downloads/${id}/events`]) {
    const refused = await zoe.request('GET', path);
    expect(refused.status).toBe(403);
    expect(await problemOf(refused)).toMatchObject({ code: 'FORBIDDEN' });
  }
  expect(await idsOf(alice)).toContain(id);
  expect(await idsOf(zoe)).not.toContain(id);
}

export async function honoursIdempotencyKeys({
  alice,
  platform,
}: EmbeddedApplication): Promise<void> {
  const ids = await Promise.all(
    [1, 2].map(async () => {
      const response = await alice.request('POST', '/downloads', {
        headers: {
          'content-type': 'application/json',
          'idempotency-key': `embedded-${platform}-4711`,
        },
        body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
      });
      return response.status === 202 ? await response.json() : response.status;
    }),
  );
  expect(ids).toContainEqual(expect.objectContaining({ entry: expect.anything() }));
  const made = ids.filter((id) => typeof id === 'object');
  for (const one of made) expect(one).toEqual(made[0]);
  expect(ids.filter((id) => id !== 409 && typeof id !== 'object')).toEqual([]);
}

export async function namesProblems({ alice }: EmbeddedApplication): Promise<void> {
  const refused = await alice.create([SAMPLE_NODES.textFile, '../x', SAMPLE_NODES.textFile]);
  expect(refused.status).toBe(400);
  expect(await problemOf(refused)).toMatchObject({
    code: 'VALIDATION_FAILED',
    errors: [
      { pointer: '/nodeIds/1', detail: expect.stringMatching(/^must be a node id/) },
      { pointer: '/nodeIds/2', detail: 'repeats an earlier id' },
    ],
  });
  const tooMany = await alice.request('GET', '/downloads?maxItems=101');
  expect(tooMany.status).toBe(400);
  expect(await problemOf(tooMany)).toMatchObject({ errors: [{ parameter: 'maxItems' }] });
  expect((await alice.request('GET', '/downloads?maxItems=1')).status).toBe(200);
}

export async function leavesTheApplicationAlone({
  alice,
  url,
}: EmbeddedApplication): Promise<void> {
  const own = await fetch(`${url}/who-am-i`, { headers: alice.headers });
  expect(await own.json()).toEqual({ user: 'alice' });
  for (const path of ['/who-am-i', '/archive/downloads']) {
    const refused = await fetch(url + path);
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ message: 'x-api-key is missing or wrong' });
  }
}

export async function isDescribed({ url }: EmbeddedApplication): Promise<void> {
  const response = await fetch(new URL('/docs-json', url));
  const text = await response.text();
  const { paths, components } = JSON.parse(text) as OpenAPIObject;
  expect(Object.keys(paths).toSorted()).toEqual([
    '/api/archive/downloads',
    '/api/archive/downloads/content',
    '/api/archive/downloads/{id}',
    '/api/archive/downloads/{id}/content',
    '/api/archive/downloads/{id}/events',
    '/api/archive/downloads/{id}/request-direct-access-url',
    '/api/archive/nodes/{id}',
    '/api/archive/nodes/{id}/content',
    '/api/who-am-i',
  ]);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  expect(references.length).toBeGreaterThan(10);
  for (const [, name] of references) expect(components?.schemas).toHaveProperty([name!]);
  expect(text.match(/"\$ref":"#\/components\/(?!schemas)/g)).toBeNull();
  // The application decides how its users log in.
  expect(text).not.toMatch(/"security":\[\{"(?:basic|bearer)"/);
}

export async function endsWithTheApplication({
  alice,
  startAnother,
}: EmbeddedApplication): Promise<void> {
  const stopping = await startAnother();
  const api = new DownloadsApi(`${stopping.url}/archive`, alice.headers);
  const id = await api.startStuck();
  const events = await Events.open(api.base, id, api.headers);
  const startedAt = performance.now();
  await stopping.stop();
  await events.ended;
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(events.names).not.toContain('gone');
}

/** Downloads that the caller has. */
async function idsOf(api: DownloadsApi): Promise<string[]> {
  const response = await api.request('GET', '/downloads');
  const { list } = (await response.json()) as {
    list: { entries: { entry: { id: string } }[] };
  };
  return list.entries.map(({ entry }) => entry.id);
}

/** The problem document of an error. */
async function problemOf(response: Response): Promise<Record<string, unknown>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const document = (await response.json()) as Record<string, unknown>;
  expect(document).toMatchObject({
    status: response.status,
    requestId: response.headers.get('x-request-id'),
  });
  return document;
}
