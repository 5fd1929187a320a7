import { readFile } from 'node:fs/promises';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { Page } from 'playwright-core';
import { demoInBrowser } from '../harness/demo-browser.js';

const PHONE_PIXELS = 360;

const running = demoInBrowser();

interface Operation {
  readonly name: string;
  /** Of its element in the page. */
  readonly selector: string;
  readonly successes: readonly string[];
}

/** What is asked for last comes last: DELETE /nodes/{id} removes the download that all the examples are about. */
function turn(method: string, path: string): number {
  return method === 'delete' ? (path.startsWith('/nodes') ? 2 : 1) : 0;
}

async function operations(): Promise<Operation[]> {
  const { paths } = JSON.parse(await readFile('openapi.json', 'utf8')) as OpenAPIObject;
  return Object.entries(paths)
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
    )
    .toSorted((one, other) => turn(one.method, one.path) - turn(other.method, other.path))
    .map(({ path, method, operation }) => ({
      name: `${method.toUpperCase()} ${path}`,
      selector: `#operations-${operation.tags[0]}-${operation.operationId}`,
      successes: Object.keys(operation.responses as object).filter((status) =>
        status.startsWith('2'),
      ),
    }));
}

/** Presses Authorize as the demo's greeting says. */
async function authorize(page: Page): Promise<void> {
  await page.locator('button.authorize').first().click();
  const form = page.locator('.auth-container', { has: page.locator('input[type=password]') });
  await form.locator('input').first().fill('demo');
  await form.locator('input[type=password]').fill('demo');
  await form.locator('button.authorize').click();
  await page.locator('.btn-done').first().click();
}

/** Presses Execute with what is filled in already; returns the status of the answer. */
async function tryOut(page: Page, { selector }: Operation): Promise<string> {
  const block = page.locator(selector);
  await block.locator('.opblock-summary').click();
  await block.locator('button.execute').click();
  const status = block.locator('.live-responses-table tbody .response-col_status').first();
  const [code = ''] = (await status.innerText()).trim().split(/\s/);
  // The page gets slow when many are open.
  await block.locator('.opblock-summary').click();
  return code;
}

describe('Swagger UI', () => {
  it('has for every route an example that works in the demo', { timeout: 120_000 }, async () => {
    const { page } = running.tab;
    await page.goto(`${running.demo.url}/docs`);
    await authorize(page);
    const all = await operations();
    expect(all.length).toBeGreaterThan(12);
    for (const operation of all) {
      const status = await tryOut(page, operation);
      expect(operation.successes, `${operation.name} answered ${status}`).toContain(status);
    }
  });

  it('fits on a phone, with a route opened', { timeout: 60_000 }, async () => {
    const { page } = running.tab;
    await page.setViewportSize({ width: PHONE_PIXELS, height: 800 });
    await page.goto(`${running.demo.url}/docs`);
    const route = page.locator('#operations-downloads-createDownload');
    await route.locator('.opblock-summary').click();
    await route.locator('.responses-table').first().waitFor();
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(PHONE_PIXELS);
  });
});
