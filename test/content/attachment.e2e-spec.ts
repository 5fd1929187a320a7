import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { it } from '../harness/fixtures.js';

const ROUTES = ['downloads', 'nodes'] as const;

describe.each(ROUTES)('GET and HEAD /%s/{id}/content', (route) => {
  it('omit Content-Disposition with attachment=false, and nothing else', async ({ api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const zip = await api.content(id);
    const path = `/${route}/${id}/content`;
    const headersOf = async (method: string, query: string, range?: string) => {
      const headers = range === undefined ? {} : { range };
      const response = await api.request(method, path + query, { headers });
      const body = Buffer.from(await response.arrayBuffer());
      const { date: _date, 'x-request-id': _id, ...others } = Object.fromEntries(response.headers);
      return { status: response.status, body, headers: others };
    };

    for (const [method, range] of [['GET'], ['HEAD'], ['GET', 'bytes=0-3']] as const) {
      const usual = await headersOf(method, '', range);
      const bare = await headersOf(method, '?attachment=false', range);
      const { 'content-disposition': disposition, ...others } = usual.headers;
      expect(disposition).toBe('attachment; filename="docTest1.txt.zip"');
      expect(bare).toEqual({ ...usual, headers: others });
      // No browser renders a ZIP.
      expect(bare.headers).toMatchObject({
        'content-type': 'application/zip',
        'x-content-type-options': 'nosniff',
      });
      expect(await headersOf(method, '?attachment=true', range)).toEqual(usual);
      expect(await headersOf(method, '?attachment=False', range)).toEqual(bare);
    }
    expect((await headersOf('GET', '?attachment=false')).body).toEqual(zip);
  });

  it.for(['?attachment=', '?attachment=no', '?attachment=false&attachment=true'])(
    'reject %s before calling Alfresco',
    async (query, { api, sandbox }) => {
      const response = await api.request('GET', `/${route}/unknown/content${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: 'VALIDATION_FAILED',
        errors: [{ parameter: 'attachment', detail: 'must be true or false' }],
      });
      expect(sandbox.requests).toEqual([]);
    },
  );
});
