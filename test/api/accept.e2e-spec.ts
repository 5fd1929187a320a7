import { readFileSync } from 'node:fs';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { it } from '../harness/fixtures.js';

const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, { tags: readonly string[] }>>;
};

const OPERATIONS = Object.entries(paths).flatMap(([template, item]) =>
  Object.entries(item)
    // Where browsers log in: for those who do, nothing else is of use.
    .filter(([, { tags }]) => !tags.includes('auth'))
    .map(([name]) => ({ method: name.toUpperCase(), template })),
);

const NODES = JSON.stringify({ nodeIds: [SAMPLE_NODES.textFile] });
const JSON_TYPE = { 'Content-Type': 'application/json' };

const pathOf = (template: string, id: string) =>
  template.replace('{id}', id).replace('{code}', 'forbidden');

describe('Accept', () => {
  it.for([
    'application/json',
    'application/json, application/problem+json',
    'text/event-stream;q=0, application/zip;q=0, application/json',
    'image/png',
    'nonsense',
    '*/*;q=0',
  ])('refuses nothing at any route: %s', async (accept, { api }) => {
    const id = await api.createFinished([SAMPLE_NODES.textFile]);
    const types: Record<string, string | null> = {};
    for (const { method, template } of OPERATIONS.filter((one) => one.method !== 'DELETE')) {
      const isAboutNodes = method === 'POST' && !template.includes('{id}');
      const response = await api.request(method, pathOf(template, id), {
        headers: { accept, ...(isAboutNodes && JSON_TYPE) },
        ...(isAboutNodes && { body: NODES }),
      });
      await response.arrayBuffer();
      expect([method, template, response.ok]).toEqual([method, template, true]);
      types[`${method} ${template}`] = response.headers.get('content-type');
    }
    expect(types).toMatchObject({
      'GET /downloads/{id}/events': 'text/event-stream',
      'GET /downloads/{id}/content': 'application/zip',
      'GET /nodes/{id}/content': 'application/zip',
      'POST /downloads/content': 'application/zip',
      'GET /downloads/{id}': 'application/json; charset=utf-8',
    });
    for (const path of ['/docs', '/docs/openapi.json', '/docs/openapi.yaml', '/metrics']) {
      expect((await api.request('GET', path, { headers: { accept } })).status).toBe(200);
    }
    for (const path of [`/nodes/${id}`, `/downloads/${await api.start([SAMPLE_NODES.textFile])}`]) {
      expect((await api.request('DELETE', path, { headers: { accept } })).ok).toBe(true);
    }
  });
});
