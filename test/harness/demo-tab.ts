import type { Browser, BrowserContext, Download, Locator, Page, Response } from 'playwright-core';

/** The demo's page in a tab of a fresh browser profile. */
export class DemoTab {
  /** Errors and warnings that the browser reported: of scripts, the security policy, and failed requests. */
  readonly complaints: string[] = [];

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  static async open(browser: Browser, url: string): Promise<DemoTab> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const tab = new DemoTab(context, await context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  /** Dismisses reports about requests that the test made fail. */
  forgive(expected: RegExp): void {
    const left = this.complaints.filter((text) => !expected.test(text));
    this.complaints.splice(0, Infinity, ...left);
  }

  async logIn(password = 'demo'): Promise<void> {
    await this.page.getByLabel('Name').fill('demo');
    await this.page.getByLabel('Password').fill(password);
    await this.button('Log in').click();
  }

  /** Logs in as a user of the demo's provider, which leads to the page of the service for its users. */
  async logInAtProvider(name: 'alice' | 'bob' = 'alice'): Promise<void> {
    const { page } = this;
    await page.getByRole('link', { name: 'Log in with the demo provider' }).click();
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(name);
    await this.button('Log in').click();
    await page.locator('#who-name', { hasText: name }).waitFor();
  }

  /** A further tab of the same browser, and so with the same cookies. */
  async another(url: string): Promise<DemoTab> {
    const tab = new DemoTab(this.context, await this.context.newPage());
    await tab.page.goto(url);
    return tab;
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  async openFolder(name: string): Promise<void> {
    await this.button(`Open the folder ${name}`).click();
    await this.page.locator('#path [aria-current]', { hasText: name }).waitFor();
  }

  async choose(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.page.getByLabel(name, { exact: true }).check();
  }

  /** Logs in, selects documents, and requests their ZIP. Returns the card and the id of the download. */
  async make(...names: readonly string[]): Promise<{ card: Card; id: string }> {
    await this.logIn();
    return this.makeLoggedIn(...names);
  }

  /** Selects documents, and requests their ZIP. */
  async makeLoggedIn(...names: readonly string[]): Promise<{ card: Card; id: string }> {
    await this.openFolder('Documents');
    await this.choose(...names);
    return this.order();
  }

  /** Requests a ZIP of the selection. */
  async order(): Promise<{ card: Card; id: string }> {
    const response = this.page.waitForResponse(isCreation);
    await this.button('Make ZIP').click();
    const { entry } = (await (await response).json()) as { entry: { id: string } };
    const card = this.newest;
    await card.root.waitFor();
    return { card, id: entry.id };
  }

  /** The card of the latest request. */
  get newest(): Card {
    return new Card(this.page, this.page.locator('.card').first());
  }

  /** The card of this name. */
  card(name: string): Card {
    return new Card(this.page, this.page.locator('.card', { hasText: name }));
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** One download on the page. */
export class Card {
  constructor(
    private readonly page: Page,
    readonly root: Locator,
  ) {}

  get bar(): Locator {
    return this.root.getByRole('progressbar');
  }

  button(action: 'Save' | 'Cancel' | 'Remove'): Locator {
    return this.root.getByRole('button', { name: new RegExp(`^${action} `) });
  }

  /** Waits until the card shows this text. */
  async says(text: string | RegExp): Promise<void> {
    await this.root.getByText(text).first().waitFor();
  }

  async text(): Promise<string> {
    return this.root.innerText();
  }

  /** Presses Save and waits for the file. */
  async save(): Promise<Download> {
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.button('Save').click(),
    ]);
    return download;
  }
}

function isCreation(response: Response): boolean {
  return response.request().method() === 'POST' && response.url().endsWith('/downloads');
}
