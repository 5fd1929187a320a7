import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { it } from '../harness/fixtures.js';

describe('the headers of a ZIP', () => {
  it('never have a Last-Modified after the Date, even if Alfresco’s clock is ahead', async ({
    api,
    sandbox,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
    const response = await alfresco.request('GET', `/nodes/${id}`);
    const { entry } = (await response.json()) as { entry: object };
    const modifiedAt = new Date(Date.now() + 3_600_000).toISOString().replace('Z', '+0000');
    sandbox.fail(
      { kind: 'wrong-entry', entry: { ...entry, modifiedAt } },
      { path: new RegExp(`/nodes/${id}$`) },
    );
    const { headers } = await api.request('HEAD', `/downloads/${id}/content`);
    const lag = Date.parse(headers.get('date')!) - Date.parse(headers.get('last-modified')!);
    expect(lag).toBeGreaterThanOrEqual(0);
    expect(lag).toBeLessThan(5000);
  });

  it('tell nginx not to buffer it', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    for (const range of [undefined, 'bytes=0-9']) {
      const response = await api.request('GET', `/downloads/${id}/content`, {
        headers: range === undefined ? {} : { range },
      });
      expect(response.headers.get('x-accel-buffering')).toBe('no');
      await response.arrayBuffer();
    }
  });
});
