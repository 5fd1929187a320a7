import type { Page } from 'playwright-core';

/** An operation of the API as the page shows it. */
export interface ShownOperation {
  readonly tag: string;
  readonly operationId: string;
}

/** Swagger UI. */
export class SwaggerPage {
  private constructor(private readonly page: Page) {}

  static async open(page: Page, url: string): Promise<SwaggerPage> {
    await page.goto(`${url}/docs`);
    return new SwaggerPage(page);
  }

  /** Presses Authorize with a name and a password; by default those that the demo prints. */
  async authorize(name = 'demo', password = 'demo'): Promise<void> {
    await this.page.locator('button.authorize').first().click();
    const form = this.page.locator('.auth-container', {
      has: this.page.locator('input[name=password]'),
    });
    await form.locator('input').first().fill(name);
    await form.locator('input[name=password]').fill(password);
    await form.locator('button.authorize').click();
    await this.page.locator('.btn-done').first().click();
  }

  /** Presses Execute with the prefilled values; returns the status of the response. */
  async tryOut({ tag, operationId }: ShownOperation): Promise<string> {
    const block = this.page.locator(`#operations-${tag}-${operationId}`);
    await block.locator('.opblock-summary').click();
    await block.locator('button.execute').click();
    const status = block.locator('.live-responses-table tbody .response-col_status').first();
    const [code = ''] = (await status.innerText()).trim().split(/\s/);
    // The page gets slow when many are open.
    await block.locator('.opblock-summary').click();
    return code;
  }
}
