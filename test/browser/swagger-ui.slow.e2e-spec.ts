import { readFile } from 'node:fs/promises';
import type { OpenAPIObject } from '@nestjs/swagger';
import { withDemo } from '../harness/demo-fixtures.js';
import { type ShownOperation, SwaggerPage } from '../harness/swagger-page.js';

const PHONE_PIXELS = 360;

const it = withDemo();

interface DescribedOperation extends ShownOperation {
  readonly name: string;
  readonly successes: readonly string[];
}

/** DELETE /nodes/{id} comes last: it removes the download that all the examples use. */
function turn(method: string, path: string): number {
  return method === 'delete' ? (path.startsWith('/nodes') ? 2 : 1) : 0;
}

async function operations(): Promise<DescribedOperation[]> {
  const { paths } = JSON.parse(await readFile('openapi.json', 'utf8')) as OpenAPIObject;
  return (
    Object.entries(paths)
      .flatMap(([path, item]) =>
        Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
      )
      // Where browsers log in: not for `fetch`.
      .filter(({ operation }) => !operation.tags.includes('auth'))
      .toSorted((one, other) => turn(one.method, one.path) - turn(other.method, other.path))
      .map(({ path, method, operation }) => ({
        name: `${method.toUpperCase()} ${path}`,
        tag: operation.tags[0],
        operationId: operation.operationId,
        successes: Object.keys(operation.responses as object).filter((status) =>
          status.startsWith('2'),
        ),
      }))
  );
}

describe('Swagger UI', () => {
  it(
    'has an example for every route that works in the demo',
    { timeout: 120_000 },
    async ({ tab, demo }) => {
      const swagger = await SwaggerPage.open(tab.page, demo.url);
      await swagger.authorize();
      const all = await operations();
      expect(all.length).toBeGreaterThan(12);
      for (const operation of all) {
        const status = await swagger.tryOut(operation);
        expect(operation.successes, `${operation.name} got ${status}`).toContain(status);
      }
    },
  );

  it('fits on a phone, with a route opened', { timeout: 60_000 }, async ({ tab, demo }) => {
    const { page } = tab;
    await page.setViewportSize({ width: PHONE_PIXELS, height: 800 });
    await SwaggerPage.open(page, demo.url);
    const route = page.locator('#operations-downloads-createDownload');
    await route.locator('.opblock-summary').click();
    await route.locator('.responses-table').first().waitFor();
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(PHONE_PIXELS);
  });
});
