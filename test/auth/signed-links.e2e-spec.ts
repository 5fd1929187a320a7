import { createHmac } from 'node:crypto';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { AS_ALICE } from '../harness/bff.js';
import { configured } from '../harness/fixtures.js';
import { rawRequest } from '../harness/raw-http.js';
import { serviceStarter } from '../harness/service-starter.js';

const OLD_SECRET = 'o'.repeat(32);
const NEW_SECRET = 'n'.repeat(32);
const TTL_SECONDS = 60;

const it = configured({
  variables: { LINK_SECRET: `${NEW_SECRET},${OLD_SECRET}`, LINK_TTL: String(TTL_SECONDS) },
}).extend('start', serviceStarter);

const behindProxyTest = configured({ variables: { TRUST_PROXY: '1' } });

/** A ZIP of alice, and a valid link to it. */
let id: string;
let zip: Buffer;
let link: URL;
/** Tests of a service behind a proxy. */
let proxiedId: string;

async function linkTo(api: DownloadsApi, download: string): Promise<URL> {
  const response = await api.request('POST', `/downloads/${download}/request-direct-access-url`);
  expect(response.status).toBe(200);
  const { entry } = (await response.json()) as { entry: { contentUrl: string } };
  return new URL(entry.contentUrl);
}

it.beforeAll(async ({ bff }) => {
  const alice = DownloadsApi.ofBff(bff.url);
  id = await alice.createFinished([SAMPLE_NODES.nestedFolder]);
  zip = await alice.content(id);
  link = await linkTo(alice, id);
});

behindProxyTest.beforeAll(async ({ bff }) => {
  proxiedId = await DownloadsApi.ofBff(bff.url).createFinished([SAMPLE_NODES.textFile]);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a signed link', () => {
  it('has the shape of Alfresco’s direct access URL', async ({ bff }) => {
    // To the millisecond, since the clock is frozen.
    vi.useFakeTimers({ toFake: ['Date'] });
    const response = await DownloadsApi.ofBff(bff.url).request(
      'POST',
      `/downloads/${id}/request-direct-access-url`,
    );
    const { entry } = (await response.json()) as { entry: Record<string, string> };
    expect(entry).toEqual({
      contentUrl: expect.stringMatching(
        new RegExp(`^${bff.url}/downloads/${id}/content\\?link=[\\w.-]+$`),
      ),
      attachment: true,
      expiryTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
    });
    const expiry = Date.parse(entry.expiryTime!.replace('+0000', 'Z'));
    expect(expiry).toBe(Date.now() + TTL_SECONDS * 1000);
  });

  it('needs no header, and responds with the ZIP as an attachment', async () => {
    const response = await fetch(link);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename=/);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(zip);
  });

  it('accepts HEAD and ranges', async () => {
    const head = await fetch(link, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(zip.length));
    const part = await fetch(link, {
      headers: { range: 'bytes=10-19', 'if-range': head.headers.get('etag')! },
    });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(zip.subarray(10, 20));
  });

  it('expires with the ownership of the caller who made it', async ({ api }) => {
    const own = await api.createFinished([SAMPLE_NODES.textFile]);
    const url = await linkTo(api, own);
    await api.request('DELETE', `/nodes/${own}`);
    expect((await fetch(url)).status).toBe(404);
  });

  it('expires after LINK_TTL', async ({ api }) => {
    const own = await api.createFinished([SAMPLE_NODES.textFile]);
    vi.useFakeTimers({ toFake: ['Date'] });
    const url = await linkTo(api, own);
    vi.setSystemTime(Date.now() + TTL_SECONDS * 1000 - 1);
    const before = await fetch(url);
    expect(before.status).toBe(200);
    await before.arrayBuffer();
    vi.setSystemTime(Date.now() + 1);
    const after = await fetch(url);
    expect(after.status).toBe(403);
    expect(await after.json()).toMatchObject({ code: 'LINK_INVALID' });
  });

  it('lets a transfer that it has begun be resumed after its expiry, while its maker owns the download', async ({
    api,
  }) => {
    const own = await api.createFinished([SAMPLE_NODES.textFile]);
    vi.useFakeTimers({ toFake: ['Date'] });
    const url = await linkTo(api, own);
    const first = await fetch(url);
    const whole = Buffer.from(await first.arrayBuffer());
    const tag = first.headers.get('etag')!;
    vi.setSystemTime(Date.now() + TTL_SECONDS * 1000 + 60_000);
    const range = 'bytes=10-';
    const rest = await fetch(url, { headers: { range, 'if-range': tag } });
    expect(rest.status).toBe(206);
    expect(Buffer.from(await rest.arrayBuffer())).toEqual(whole.subarray(10));
    const owned = await api.request('HEAD', `/downloads/${own}/content`);
    for (const headers of [
      { range },
      { 'if-range': tag },
      { range, 'if-range': owned.headers.get('etag')! },
      { range, 'if-range': first.headers.get('last-modified')! },
      { range, 'if-range': tag.replace(/.{4}"$/, 'AAAA"') },
      { range: 'lines=1-', 'if-range': tag },
    ] as Record<string, string>[]) {
      const { status } = await fetch(url, { headers });
      expect([headers, status]).toEqual([headers, 403]);
    }
    expect((await fetch(url, { method: 'HEAD', headers: { range, 'if-range': tag } })).status).toBe(
      403,
    );
    await api.request('DELETE', `/nodes/${own}`);
    expect((await fetch(url, { headers: { range, 'if-range': tag } })).status).toBe(404);
  });

  it('that has expired unused begins no transfer, whatever its holder knows about the ZIP', async ({
    api,
  }) => {
    const own = await api.createFinished([SAMPLE_NODES.textFile]);
    vi.useFakeTimers({ toFake: ['Date'] });
    const used = await linkTo(api, own);
    vi.setSystemTime(Date.now() + 1000);
    // At another moment, since it would be the same link otherwise.
    const unused = await linkTo(api, own);
    const tag = (await fetch(used, { method: 'HEAD' })).headers.get('etag')!;
    vi.setSystemTime(Date.now() + TTL_SECONDS * 1000 + 60_000);
    const headers = { range: 'bytes=0-', 'if-range': tag };
    expect((await fetch(unused, { headers })).status).toBe(403);
  });

  it.for(['GET', 'DELETE'])('opens nothing but the content: %s of the download', async (method) => {
    const url = new URL(link);
    url.pathname = `/downloads/${id}`;
    expect((await fetch(url, { method })).status).toBe(401);
  });

  it('survives a rotation of the secret, until the old one is dropped', async ({ bff, start }) => {
    const [before, dropped] = await Promise.all(
      [OLD_SECRET, NEW_SECRET].map((LINK_SECRET) => start({ LINK_SECRET })),
    );
    const api = DownloadsApi.ofBff(before!.url);
    const url = await linkTo(api, await api.createFinished([SAMPLE_NODES.textFile]));
    // Each service has a separate store here: a valid signature gets 404, an invalid one 403.
    for (const [service, status] of [
      [bff, 404],
      [dropped!, 403],
    ] as const) {
      url.port = String(service.port);
      expect((await fetch(url)).status).toBe(status);
    }
  });

  it('is not made for another caller’s download', async ({ api }) => {
    const { status } = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
    expect(status).toBe(403);
  });

  behindProxyTest('has the origin that a trusted proxy reports', async ({ bff }) => {
    const alice = new DownloadsApi(bff.url, {
      ...AS_ALICE,
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'downloads.example.com',
    });
    const url = await linkTo(alice, proxiedId);
    expect(url.origin).toBe('https://downloads.example.com');
  });

  behindProxyTest.for<[string, Record<string, string>]>([
    ['a Host with a path', { host: 'x/y?z#' }],
    ['a Host that breaks out of an attribute', { host: 'a"b<' }],
    ['a scheme of no web server', { 'x-forwarded-proto': 'javascript' }],
    ['a malformed forwarded host', { 'x-forwarded-host': 'evil.example/"onclick=' }],
  ])('is not made of %s', async ([, headers], { bff }) => {
    const response = await rawRequest(bff.port, {
      method: 'POST',
      path: `/downloads/${proxiedId}/request-direct-access-url`,
      headers: { Authorization: AS_ALICE.authorization, ...namesOf(headers) },
    });
    expect(response.status).toBe(400);
    expect(response.json()).toMatchObject({ code: 'MALFORMED_REQUEST' });
  });
});

/** `Host` replaces the default of raw requests. */
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

describe('a link that was forged, changed or moved', () => {
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

  it.for<[string, (api: DownloadsApi) => URL | Promise<URL>]>([
    ['a later expiry', () => withPayload(([, ...rest]) => [Date.now() + 9e9, ...rest])],
    ['another caller', () => withPayload(([expiry]) => [expiry, 'basic:zoë', 'zoë'])],
    [
      'another id',
      async (api) =>
        withPath(`/downloads/${await api.createFinished([SAMPLE_NODES.textFile])}/content`),
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
  ])('is refused, also beside valid credentials: %s', async ([, urlOf], { bff }) => {
    const url = await urlOf(DownloadsApi.ofBff(bff.url));
    for (const headers of [{}, AS_ALICE]) {
      const response = await fetch(url, { headers });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'LINK_INVALID' });
    }
  });
});
