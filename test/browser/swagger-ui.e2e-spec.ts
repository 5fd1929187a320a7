import { withDemo } from '../harness/demo-fixtures.js';
import { SwaggerPage } from '../harness/swagger-page.js';

const it = withDemo();

describe('Swagger UI', { timeout: 60_000 }, () => {
  it('opens, accepts a login, and makes a ZIP with "Try it out"', async ({ tab, demo }) => {
    const swagger = await SwaggerPage.open(tab.page, demo.url);
    await swagger.authorize();
    const before = demo.sandbox.downloadIds();
    const creation = { tag: 'downloads', operationId: 'createDownload' };
    expect(await swagger.tryOut(creation)).toBe('202');
    expect(demo.sandbox.downloadIds()).toHaveLength(before.length + 1);
  });
});
