import { setTimeout as sleep } from 'node:timers/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { DownloadsApi } from '../harness/api.js';
import { configured } from '../harness/fixtures.js';

const it = configured({ variables: { LINK_TTL: '60' } });

interface Link {
  readonly contentUrl: string;
  readonly attachment: boolean;
  readonly expiryTime: string;
}

/** @param body sent verbatim; no body if undefined */
function requestLink(api: DownloadsApi, id: string, body?: string): Promise<Response> {
  return api.request('POST', `/downloads/${id}/request-direct-access-url`, {
    ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
  });
}

async function linkOf(api: DownloadsApi, id: string, wishes?: object): Promise<Link> {
  const response = await requestLink(api, id, wishes && JSON.stringify(wishes));
  expect(response.status).toBe(200);
  return ((await response.json()) as { entry: Link }).entry;
}

const secondsLeft = ({ expiryTime }: Link) =>
  (Date.parse(expiryTime.replace('+0000', 'Z')) - Date.now()) / 1000;
const dispositionOf = async (url: string) =>
  (await fetch(url, { method: 'HEAD' })).headers.get('content-disposition');

describe('POST /downloads/{id}/request-direct-access-url with a body', () => {
  it('treats no body, and one without members, as a request for a link that lasts LINK_TTL', async ({
    api,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    for (const link of [await linkOf(api, id), await linkOf(api, id, {})]) {
      expect(secondsLeft(link)).toBeGreaterThan(50);
      expect(secondsLeft(link)).toBeLessThanOrEqual(60);
      expect(await dispositionOf(link.contentUrl)).toContain('"docTest1.txt.zip"');
    }
  });

  it('makes a link that expires after validFor seconds', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const link = await linkOf(api, id, { validFor: 1 });
    expect(secondsLeft(link)).toBeLessThanOrEqual(1);
    await sleep(1100);
    const response = await fetch(link.contentUrl);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'LINK_INVALID' });
    expect(secondsLeft(await linkOf(api, id, { validFor: 60 }))).toBeGreaterThan(50);
  });

  it.for([
    ['Projects 2026.zip', 'attachment; filename="Projects 2026.zip"'],
    ['Bilanz', 'attachment; filename="Bilanz.zip"'],
    ['日本.zip', `attachment; filename="??.zip"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.zip`],
    ['../../etc/passwd', 'attachment; filename=".._.._etc_passwd.zip"'],
    ['a"\r\nSet-Cookie: b', 'attachment; filename="a\\"__Set-Cookie: b.zip"'],
    [' ', 'attachment; filename="archive.zip"'],
  ] as const)('makes a link that saves the ZIP as %j', async ([fileName, expected], { api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const { contentUrl } = await linkOf(api, id, { fileName });
    const saved = await fetch(contentUrl);
    expect(saved.headers.get('content-disposition')).toBe(expected);
    expect(saved.headers.get('set-cookie')).toBeNull();
    expect(Buffer.from(await saved.arrayBuffer())).toEqual(await api.content(id));
    expect(await dispositionOf(contentUrl)).toBe(expected);
    const part = await fetch(contentUrl, { headers: { range: 'bytes=0-1' } });
    expect(part.headers.get('content-disposition')).toBe(expected);
  });

  it('signs the name, so that it cannot be changed', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const url = new URL((await linkOf(api, id, { fileName: 'mine.zip' })).contentUrl);
    const [payload, signature] = url.searchParams.get('link')!.split('.');
    const fields = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as unknown[];
    expect(fields.at(-1)).toBe('mine.zip');
    const changed = JSON.stringify([...fields.slice(0, -1), 'theirs.zip']);
    url.searchParams.set('link', `${Buffer.from(changed).toString('base64url')}.${signature}`);
    expect((await fetch(url)).status).toBe(403);
  });

  it('makes a link without a name with attachment false', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const link = await linkOf(api, id, { attachment: false });
    expect(link.attachment).toBe(false);
    expect(await dispositionOf(link.contentUrl)).toBeNull();
    expect((await linkOf(api, id, { attachment: true })).attachment).toBe(true);
  });

  it.for([
    ['{"validFor":61}', '/validFor', 'must be at most 60 seconds'],
    ['{"validFor":0}', '/validFor', 'must be a whole number of seconds of at least 1'],
    ['{"validFor":1.5}', '/validFor', 'must be a whole number of seconds of at least 1'],
    ['{"validFor":"60"}', '/validFor', 'must be a whole number of seconds of at least 1'],
    ['{"validFor":null}', '/validFor', 'must be a whole number of seconds of at least 1'],
    ['{"fileName":""}', '/fileName', 'must be a text of 1 to 255 characters'],
    ['{"fileName":7}', '/fileName', 'must be a text of 1 to 255 characters'],
    [`{"fileName":"${'x'.repeat(256)}"}`, '/fileName', 'must be a text of 1 to 255 characters'],
    ['{"attachment":"false"}', '/attachment', 'must be true or false'],
    ['{"expiresAt":"2026-11-24T01:05:11.000+0000"}', '/expiresAt', 'is not a known member'],
    ['{"__proto__x":1,"validFor":5}', '/__proto__x', 'is not a known member'],
    ['[]', '', 'must be a JSON object'],
    ['null', '', 'must be a JSON object'],
  ] as const)('refuses %s', async ([body, pointer, detail], { api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const response = await requestLink(api, id, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ pointer, detail }],
    });
  });
});
