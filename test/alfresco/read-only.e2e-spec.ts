import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { DownloadsApi } from '../harness/api.js';
import { configured } from '../harness/fixtures.js';

/** A separate service, since the failed changes would affect the health of the shared one. */
const it = configured({
  sandbox: { estimateDelayMs: 1 },
  variables: { STATUS_FRESHNESS_MS: '0' },
  pacing: { health: { rememberMs: 0 } },
});

const create = (api: DownloadsApi) => api.create([SAMPLE_NODES.textFile]);

const CHANGES: readonly [string, (api: DownloadsApi, id: string) => Promise<Response>][] = [
  ['POST /downloads', create],
  [
    'POST /downloads/content',
    (api) =>
      api.request('POST', '/downloads/content', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] }),
      }),
  ],
  ['DELETE /downloads/{id}', (api, id) => api.request('DELETE', `/downloads/${id}`)],
  [
    'DELETE /downloads/{id}?purge=true',
    (api, id) => api.request('DELETE', `/downloads/${id}?purge=true`),
  ],
  ['DELETE /nodes/{id}', (api, id) => api.request('DELETE', `/nodes/${id}`)],
];

async function ready(url: string) {
  const response = await fetch(`${url}/health/ready`);
  return { status: response.status, body: (await response.json()) as object };
}

describe('while Alfresco is read-only', () => {
  it.for(CHANGES)('%s says so, and changes nothing', async ([, change], { api, sandbox }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const before = sandbox.downloadIds();
    sandbox.readOnly = true;
    const response = await change(api, id);
    expect(response.status).toBe(503);
    // Nobody knows whether that takes a minute or a day, so there is no Retry-After.
    expect(response.headers.get('retry-after')).toBeNull();
    expect(await response.json()).toMatchObject({
      code: 'ALFRESCO_READ_ONLY',
      title: 'Alfresco is read-only now',
      error: { statusCode: 503, errorKey: 'ALFRESCO_READ_ONLY' },
    });
    expect(sandbox.downloadIds()).toEqual(before);
    sandbox.readOnly = false;
    expect((await change(api, id)).ok).toBe(true);
  });

  it('existing downloads can still be read, listed and saved', async ({ api, sandbox }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    sandbox.readOnly = true;
    expect((await create(api)).status).toBe(503);
    expect((await api.request('GET', `/downloads/${id}`)).status).toBe(200);
    expect((await api.request('GET', '/downloads')).status).toBe(200);
    expect((await api.request('GET', `/nodes/${id}`)).status).toBe(200);
    expect(await api.content(id)).not.toHaveLength(0);
  });

  it('/health/ready is degraded, and still 200, until a change succeeds', async ({
    api,
    bff,
    sandbox,
  }) => {
    expect((await create(api)).status).toBe(202);
    expect(await ready(bff.url)).toMatchObject({ status: 200, body: { status: 'ok' } });
    sandbox.readOnly = true;
    expect((await create(api)).status).toBe(503);
    for (let count = 0; count < 2; count += 1) {
      expect(await ready(bff.url)).toMatchObject({
        status: 200,
        body: {
          status: 'degraded',
          details: { alfresco: { status: 'degraded', readOnly: true }, store: { status: 'up' } },
        },
      });
    }
    sandbox.readOnly = false;
    expect((await create(api)).status).toBe(202);
    expect(await ready(bff.url)).toMatchObject({
      status: 200,
      body: { status: 'ok', details: { alfresco: { status: 'up' } } },
    });
  });
});
