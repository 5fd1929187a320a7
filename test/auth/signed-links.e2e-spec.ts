import { createHmac } from 'node:crypto';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { rawRequest } from '../harness/raw-http.js';
import { type Bff, CALLERS, basic, startBff } from '../harness/bff.js';

const OLD_SECRET = 'o'.repeat(32);
const NEW_SECRET = 'n'.repeat(32);

let sandbox: Sandbox;
let bff: Bff;
let alice: DownloadsApi;
let id: string;
let zip: Buffer;
/** A valid link, as a URL. */
let link: URL;

async function linkTo(api: DownloadsApi, download: string): Promise<URL> {
  const answer = await api.request('POST', `/downloads/${download}/request-direct-access-url`);
  expect(answer.status).toBe(200);
  const { entry } = (await answer.json()) as { entry: { contentUrl: string } };
  return new URL(entry.contentUrl);
}

beforeAll(async () => {
  sandbox = await startSandbox();
  bff = await startBff(sandbox.url, { LINK_SECRET: `${NEW_SECRET},${OLD_SECRET}`, LINK_TTL: '60' });
  alice = DownloadsApi.ofBff(bff.url);
  id = await alice.make([SAMPLE_NODES.nestedFolder]);
  zip = await alice.content(id);
  link = await linkTo(alice, id);
});
afterAll(async () => {
  await bff.close();
  await sandbox.close();
});

describe('a signed link', () => {
  it('has the shape of Alfresco’s direct access URL', async () => {
    const answer = await alice.request('POST', `/downloads/${id}/request-direct-access-url`);
    const { entry } = (await answer.json()) as { entry: Record<string, string> };
    expect(entry).toEqual({
      contentUrl: expect.stringMatching(
        new RegExp(`^${bff.url}/downloads/${id}/content\\?link=[\\w.-]+$`),
      ),
      attachment: true,
      expiryTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
    });
    const seconds = (Date.parse(entry.expiryTime!.replace('+0000', 'Z')) - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  it('saves the ZIP without any header, as an attachment', async () => {
    const answer = await fetch(link);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename=/);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(zip);
  });

  it('takes HEAD and ranges', async () => {
    const head = await fetch(link, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(zip.length));
    const part = await fetch(link, {
      headers: { range: 'bytes=10-19', 'if-range': head.headers.get('etag')! },
    });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(zip.subarray(10, 20));
  });

  it('is as good as the ownership of the one who made it', async () => {
    const own = await alice.make([SAMPLE_NODES.textFile]);
    const url = await linkTo(alice, own);
    await alice.request('DELETE', `/nodes/${own}`);
    expect((await fetch(url)).status).toBe(404);
  });

  it.each(['GET', 'DELETE'])(
    'opens nothing but the content: %s of the download',
    async (method) => {
      const url = new URL(link);
      url.pathname = `/downloads/${id}`;
      expect((await fetch(url, { method })).status).toBe(401);
    },
  );

  it('outlives a rotation of the secret, until the old one is dropped', async () => {
    const [before, after, dropped] = await Promise.all(
      [OLD_SECRET, `${NEW_SECRET},${OLD_SECRET}`, NEW_SECRET].map((LINK_SECRET) =>
        startBff(sandbox.url, { LINK_SECRET }),
      ),
    );
    const api = DownloadsApi.ofBff(before!.url);
    const url = await linkTo(api, await api.make([SAMPLE_NODES.textFile]));
    // Each service has a store of its own here, so that a good signature is a 404 and a bad one a 403.
    for (const [service, status] of [
      [after!, 404],
      [dropped!, 403],
    ] as const) {
      url.port = String(service.port);
      expect((await fetch(url)).status).toBe(status);
    }
    for (const service of [before!, after!, dropped!]) await service.close();
  });
});

/** `Host` replaces the one that a raw request has of its own. */
function namesOf({ host, ...others }: Record<string, string>): Record<string, string> {
  return host === undefined ? others : { Host: host };
}

/** The valid link with this instead. */
function withLink(value: string): URL {
  const url = new URL(link);
  url.searchParams.set('link', value);
  return url;
}

/** The valid link with this instead. */
function withPath(path: string): URL {
  const url = new URL(link);
  url.pathname = path;
  return url;
}

describe('a link that this service did not make so', () => {
  const [payload, signature] = ['payload', 'signature'] as const;
  const parts = () => {
    const [head = '', tail = ''] = link.searchParams.get('link')!.split('.');
    return { [payload]: head, [signature]: tail } as const;
  };
  const withPayload = (change: (fields: unknown[]) => unknown[]) => {
    const fields = JSON.parse(Buffer.from(parts().payload, 'base64url').toString()) as unknown[];
    const changed = Buffer.from(JSON.stringify(change(fields))).toString('base64url');
    return withLink(`${changed}.${parts().signature}`);
  };

  it.each<[string, () => URL | Promise<URL>]>([
    ['a later expiry', () => withPayload(([, ...rest]) => [Date.now() + 9e9, ...rest])],
    ['another caller', () => withPayload(([expiry]) => [expiry, 'basic:zoë', 'zoë'])],
    [
      'another id',
      async () => withPath(`/downloads/${await alice.make([SAMPLE_NODES.textFile])}/content`),
    ],
    ['the id in another case', () => withPath(`/downloads/${id.toUpperCase()}/content`)],
    ['a slash at the end of the path', () => withPath(`/downloads/${id}/content/`)],
    ['a percent-encoded path', () => withPath(`/downloads/${id.replace('-', '%2D')}/content`)],
    ['no signature', () => withLink(parts().payload)],
    ['an empty signature', () => withLink(`${parts().payload}.`)],
    ['a truncated signature', () => withLink(link.searchParams.get('link')!.slice(0, -1))],
    ['a truncated payload', () => withLink(link.searchParams.get('link')!.slice(1))],
    ['padding', () => withLink(`${link.searchParams.get('link')!}=`)],
    ['a padded payload', () => withLink(`${parts().payload}=.${parts().signature}`)],
    [
      'base64 instead of base64url',
      () =>
        withLink(
          `${parts().payload}.${Buffer.from(parts().signature, 'base64url').toString('base64')}`,
        ),
    ],
    ['a third part', () => withLink(`${link.searchParams.get('link')!}.x`)],
    ['nothing', () => withLink('')],
    ['two links', () => new URL(`${link.href}&link=${link.searchParams.get('link')!}`)],
    [
      'another key',
      () => {
        const forged = createHmac('sha256', 'x'.repeat(32))
          .update(`${link.pathname}\n${parts().payload}`)
          .digest('base64url');
        return withLink(`${parts().payload}.${forged}`);
      },
    ],
  ])('%s: LINK_INVALID, also beside good credentials', async (_what, urlOf) => {
    const url = await urlOf();
    for (const headers of [{}, { authorization: basic(CALLERS.alice) }]) {
      const answer = await fetch(url, { headers });
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ code: 'LINK_INVALID' });
    }
  });

  it('ends', async () => {
    const short = await startBff(sandbox.url, { LINK_TTL: '1' });
    const api = DownloadsApi.ofBff(short.url);
    const url = await linkTo(api, await api.make([SAMPLE_NODES.textFile]));
    await vi.waitUntil(async () => (await fetch(url)).status === 403, { timeout: 3000 });
    expect(await (await fetch(url)).json()).toMatchObject({ code: 'LINK_INVALID' });
    await short.close();
  });

  it.each([
    ['a Host with a path', { host: 'x/y?z#' }],
    ['a Host that breaks out of an attribute', { host: 'a"b<' }],
    ['a scheme of no web server', { 'x-forwarded-proto': 'javascript' }],
    ['a forwarded host that is none', { 'x-forwarded-host': 'evil.example/"onclick=' }],
  ])('is not made of %s', async (_what, headers) => {
    const behindProxy = await startBff(sandbox.url, { TRUST_PROXY: '1' });
    const own = await DownloadsApi.ofBff(behindProxy.url).make([SAMPLE_NODES.textFile]);
    const answer = await rawRequest(behindProxy.port, {
      method: 'POST',
      path: `/downloads/${own}/request-direct-access-url`,
      headers: { Authorization: basic(CALLERS.alice), ...namesOf(headers) },
    });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'MALFORMED_REQUEST' });
    await behindProxy.close();
  });

  it('has the origin that a trusted proxy tells', async () => {
    const behindProxy = await startBff(sandbox.url, { TRUST_PROXY: '1' });
    const own = new DownloadsApi(behindProxy.url, {
      ...alice.headers,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'downloads.example.com',
    });
    const url = await linkTo(own, await own.make([SAMPLE_NODES.textFile]));
    expect(url.origin).toBe('https://downloads.example.com');
    await behindProxy.close();
  });

  it('is not made for another caller’s download', async () => {
    const zoe = new DownloadsApi(bff.url, { authorization: basic(CALLERS.zoe) });
    expect((await zoe.request('POST', `/downloads/${id}/request-direct-access-url`)).status).toBe(
      403,
    );
  });
});
