import { join } from 'node:path';
import type { Browser, BrowserContext, Download, Locator, Page } from 'playwright-core';
import { until } from '../../harness/polling.js';

/** The user, and the login page. */
export interface Login {
  readonly name: string;
  readonly password: string;
  readonly at: 'application' | 'provider';
}

/** Folder of the browser tests' screenshots. */
const SCREENSHOTS = join(process.cwd(), 'screenshots');

/** External resources of `oidc-provider`'s pages, which are blocked: tests need no internet apart from packages. */
const FONTS = 'https://fonts.googleapis.com/*';

/** The application in a tab of a fresh browser profile. */
export class AdfPage {
  /** Method, path and status of each response under `/alfresco/`, in order. */
  readonly calls: string[] = [];
  /** `WWW-Authenticate` headers of the 401 responses. */
  readonly challenges: (string | undefined)[] = [];
  /** `X-CSRF-TOKEN` headers that the application has sent. */
  readonly csrfTokens = new Set<string>();
  /** Requests for which the browser would have opened its own login window. */
  readonly windows: string[] = [];
  /** Uncaught errors. */
  readonly errors: string[] = [];

  private constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (!pathname.startsWith('/alfresco/')) return;
      const request = response.request();
      this.calls.push(`${request.method()} ${shortened(pathname)} ${response.status()}`);
      const token = request.headers()['x-csrf-token'];
      if (token) this.csrfTokens.add(token);
      if (response.status() === 401) this.challenges.push(response.headers()['www-authenticate']);
    });
  }

  static async open(browser: Browser, url: string): Promise<AdfPage> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
    const adf = new AdfPage(context, await context.newPage());
    const session = await context.newCDPSession(adf.page);
    await session.send('Network.enable');
    await session.send('Network.setBlockedURLs', { urls: [FONTS] });
    await adf.page.goto(url);
    return adf;
  }

  /**
   * Records every request for which the browser wants a password, and cancels it: a headless browser shows no login
   * window that a test could detect.
   */
  async watchForWindows(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    session.on('Fetch.requestPaused', ({ requestId }) => {
      // The page may have been closed meanwhile.
      void session.send('Fetch.continueRequest', { requestId }).catch(() => {});
    });
    session.on('Fetch.authRequired', ({ requestId, request, authChallenge }) => {
      this.windows.push(`${request.method} ${request.url}: ${authChallenge.scheme}`);
      const authChallengeResponse = { response: 'CancelAuth' } as const;
      void session.send('Fetch.continueWithAuth', { requestId, authChallengeResponse });
    });
    await session.send('Fetch.enable', { handleAuthRequests: true });
  }

  async logIn({ name, password, at }: Login): Promise<void> {
    if (at === 'application') {
      await this.page.locator('#username').fill(name);
      await this.page.locator('#password').fill(password);
      await this.page.locator('#login-button').click();
    } else {
      await this.page.locator('#login-button-sso').click();
      await this.page.getByPlaceholder('Enter any login').fill(name);
      await this.page.getByPlaceholder('and password').fill(password);
      await this.page.getByRole('button', { name: 'Sign-in' }).click();
      await this.page.getByRole('button', { name: 'Continue' }).click();
    }
  }

  /** Waits until the application is shown to this user, with a ticket. */
  async isLoggedInAs(name: string): Promise<void> {
    await this.page.getByRole('heading', { name: `Documents of ${name}` }).waitFor();
    await until(
      () => this.ticket(),
      (ticket) => ticket !== null,
    );
  }

  /** The ticket that the application has stored. */
  ticket(): Promise<string | null> {
    return this.page.evaluate(() => localStorage.getItem('ticket-ECM'));
  }

  /** Selects exactly these documents, and presses ADF's button. */
  async order(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.page.getByLabel(name, { exact: true }).check();
    await this.page.getByRole('button', { name: 'Download' }).click();
  }

  /** Downloads the documents, and waits until the browser saves a file. */
  async save(...names: readonly string[]): Promise<Download> {
    const [download] = await Promise.all([
      this.page.waitForEvent('download', { timeout: 45_000 }),
      this.order(...names),
    ]);
    return download;
  }

  /** ADF's dialog. */
  get dialog(): Locator {
    return this.page.locator('adf-download-zip-dialog');
  }

  async percent(): Promise<number> {
    const text = this.dialog.locator('.adf-dialog-content-progress-text-percentage');
    return Number.parseFloat(await text.innerText());
  }

  async cancel(): Promise<void> {
    await this.dialog.locator('#cancel-button').click();
  }

  /** Waits until a call has had this outcome. */
  async sees(call: string): Promise<void> {
    await until(
      () => this.calls,
      (calls) => calls.includes(call),
    );
  }

  /** Waits until a call has had this outcome this many more times. */
  async seesMore(call: string, times: number): Promise<void> {
    const before = this.calls.length;
    await until(
      () => this.calls.slice(before).filter((one) => one === call).length,
      (count) => count >= times,
    );
  }

  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: join(SCREENSHOTS, `adf-${name}.png`) });
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** A path without the common prefix, and without parts that differ from run to run. */
function shortened(path: string): string {
  return path
    .replace(/^\/alfresco\/api\/-default-\/public\/(?:alfresco|authentication)\/versions\/1/, '')
    .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/, '{id}');
}
