import { readFile } from 'node:fs/promises';
import type { Browser, Download, Locator, Page } from 'playwright-core';
import type { TestCaller } from './callers.js';
import { readZip } from './zip.js';

/** A page with the element, in a tab of a fresh browser profile. */
export class ElementPage {
  /** Errors and warnings that the browser reported. */
  readonly complaints: string[] = [];
  /** Methods and paths of the requests to the service, in order. */
  readonly requests: string[] = [];

  private constructor(readonly page: Page) {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.includes('/downloads')) this.requests.push(`${request.method()} ${pathname}`);
    });
  }

  static async open(browser: Browser, url: string): Promise<ElementPage> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const opened = new ElementPage(page);
    await page.goto(url);
    return opened;
  }

  /** Dismisses reports about requests that the test made fail. */
  forgive(expected: RegExp): void {
    const left = this.complaints.filter((text) => !expected.test(text));
    this.complaints.splice(0, Infinity, ...left);
  }

  async logIn({ name, password }: TestCaller): Promise<void> {
    await this.page.getByLabel('Name').fill(name);
    await this.page.getByLabel('Password').fill(password);
  }

  async choose(...titles: readonly string[]): Promise<void> {
    for (const title of titles) await this.page.getByLabel(title, { exact: true }).check();
  }

  get element(): Locator {
    return this.page.locator('alfresco-zip');
  }

  get bar(): Locator {
    return this.element.getByRole('progressbar');
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Waits until the element shows this text. */
  async says(text: string | RegExp): Promise<void> {
    await this.element.getByText(text).first().waitFor();
  }

  /** Does something that has the browser save a file, and returns it. */
  async saving(action: () => Promise<unknown>): Promise<Download> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), action()]);
    return download;
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

/** Names of the files in a saved ZIP. */
export async function filesOf(download: Download): Promise<string[]> {
  const entries = await readZip(await readFile(await download.path()));
  return entries.map(({ name }) => name).filter((name) => !name.endsWith('/'));
}
