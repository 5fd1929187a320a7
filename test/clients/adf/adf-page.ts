import { join } from 'node:path';
import type { Browser, BrowserContext, Download, Locator, Page } from 'playwright-core';
import { until } from '../../harness/polling.js';

/** Who logs in, and where. */
export interface Login {
  readonly name: string;
  readonly password: string;
  readonly at: 'application' | 'provider';
}

/** Where the browser tests leave their pictures. */
const SCREENSHOTS = join(process.cwd(), 'screenshots');

/** Of the pages of `oidc-provider`; a test needs nothing from the internet but packages. */
const FONTS = 'https://fonts.googleapis.com/*';

/** The application in a tab of a browser without a past. */
export class AdfPage {
  /** Method, path and status of each response under `/alfresco/`, in their order. */
  readonly calls: string[] = [];
  /** `WWW-Authenticate` of the responses with 401. */
  readonly challenges: (string | undefined)[] = [];
  /** What the application has sent as `X-CSRF-TOKEN`. */
  readonly csrfTokens = new Set<string>();
  /** Requests for which the browser would have opened its own window for a password. */
  readonly windows: string[] = [];
  /** Errors that no script has handled. */
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
   * Notes from now on for what the browser would ask for a password, and says each time that there is none. Without a
   * window of its own it shows nobody that it asks.
   */
  async watchForWindows(): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    session.on('Fetch.requestPaused', ({ requestId }) => {
      // The page may have been left meanwhile.
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

  /** Waits until the application is there for this user, with a ticket. */
  async isLoggedInAs(name: string): Promise<void> {
    await this.page.getByRole('heading', { name: `Documents of ${name}` }).waitFor();
    await until(
      () => this.ticket(),
      (ticket) => ticket !== null,
    );
  }

  /** What the application has kept as its ticket. */
  ticket(): Promise<string | null> {
    return this.page.evaluate(() => localStorage.getItem('ticket-ECM'));
  }

  /** Chooses documents, and nothing else, and presses ADF's button. */
  async order(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.page.getByLabel(name, { exact: true }).check();
    await this.page.getByRole('button', { name: 'Download' }).click();
  }

  /** Orders the documents and waits until the browser saves something. */
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

  /** Waits until a call has had this outcome so many times more. */
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

/** A path without what all have in common, and without what differs from run to run. */
function shortened(path: string): string {
  return path
    .replace(/^\/alfresco\/api\/-default-\/public\/(?:alfresco|authentication)\/versions\/1/, '')
    .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/, '{id}');
}
