import type { Browser, Download, Locator, Page } from 'playwright-core';

/** Who logs in, and where. */
export interface Login {
  readonly name: string;
  readonly password: string;
  readonly at: 'application' | 'provider';
}

/** The application in a tab of a browser without a past. */
export class AdfPage {
  /** Requests for which the browser would have opened its window for passwords. */
  readonly windows: string[] = [];
  /** Method, path and status of what the application has asked under `/alfresco/`, in the order of the responses. */
  readonly calls: string[] = [];
  /** Challenges that came with a 401. */
  readonly challenges: (string | undefined)[] = [];
  /** What the application has sent in `X-CSRF-TOKEN`. */
  readonly csrfTokens = new Set<string>();

  private constructor(readonly page: Page) {
    page.on('response', (response) => {
      const request = response.request();
      const { pathname } = new URL(response.url());
      if (!pathname.startsWith('/alfresco/')) return;
      this.calls.push(`${request.method()} ${shortened(pathname)} ${response.status()}`);
      const token = request.headers()['x-csrf-token'];
      if (token) this.csrfTokens.add(token);
      if (response.status() === 401) this.challenges.push(response.headers()['www-authenticate']);
    });
  }

  static async open(browser: Browser, url: string): Promise<AdfPage> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 900 } });
    const page = new AdfPage(await context.newPage());
    await page.page.goto(url);
    return page;
  }

  /** Notes from now on where the browser would ask for a password, which a browser without a window does not show. */
  async watchForWindows(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    session.on('Fetch.requestPaused', ({ requestId }) => {
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
    if (at === 'provider') {
      await this.page.locator('#login-button-sso').click();
      await this.page.getByPlaceholder('Enter any login').fill(name);
      await this.page.getByPlaceholder('and password').fill(password);
      await this.page.getByRole('button', { name: 'Sign-in' }).click();
      await this.page.getByRole('button', { name: 'Continue' }).click();
    } else {
      await this.page.locator('#username').fill(name);
      await this.page.locator('#password').fill(password);
      await this.page.locator('#login-button').click();
    }
  }

  async isLoggedInAs(name: string): Promise<void> {
    await this.page.getByRole('heading', { name: `Documents of ${name}` }).waitFor();
  }

  /** Chooses documents and presses ADF's button. */
  async order(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.page.getByLabel(name, { exact: true }).check();
    await this.page.getByRole('button', { name: 'Download' }).click();
  }

  /** ADF's dialog. */
  get dialog(): Locator {
    return this.page.locator('adf-download-zip-dialog');
  }

  async percent(): Promise<number> {
    const text = await this.dialog.locator('.adf-dialog-content-progress-text-percentage').innerText();
    return Number.parseFloat(text);
  }

  async cancel(): Promise<void> {
    await this.dialog.locator('#cancel-button').click();
  }

  async save(order: Promise<unknown>): Promise<Download> {
    const [download] = await Promise.all([this.page.waitForEvent('download'), order]);
    return download;
  }

  ticket(): Promise<string | null> {
    return this.page.evaluate(() => localStorage.getItem('ticket-ECM'));
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

/** A path without what all have in common, and without what differs from run to run. */
function shortened(path: string): string {
  return path
    .replace(/^\/alfresco\/api\/-default-\/public\/(?:alfresco|authentication)\/versions\/1/, '')
    .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/, '{id}');
}
