import type { Request } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { Collector } from '../harness/collector.js';
import { withDemo } from '../harness/demo-fixtures.js';
import type { DemoTab } from '../harness/demo-tab.js';
import { captureOutput } from '../harness/leaks.js';

const it = withDemo({
  sandbox: { largeFileBytes: 20_000_000 },
  variables: { LOG_LEVEL: 'debug' },
});

const LOGGED_OUT = 'Your login is not valid any more. Log in again.';
/** What Chromium logs about responses that tell the page that nobody is logged in. */
const UNAUTHENTICATED = /status of 401/;

const isStream = (request: Request) => request.url().endsWith('/events');

/** Everything that a script in the page could read. */
async function readable({ page }: DemoTab): Promise<string> {
  return page.evaluate<string>(`JSON.stringify([
    document.documentElement.outerHTML, location.href, document.referrer, document.cookie,
    { ...localStorage }, { ...sessionStorage }, performance.getEntries().map(({ name }) => name),
  ])`);
}

describe('someone who logs in at the provider', { timeout: 60_000 }, () => {
  it('makes a ZIP, reloads the page meanwhile, saves it, and logs out here and there', async ({
    tab,
    demo,
  }) => {
    demo.sandbox.bytesPerSecond = 0;
    await tab.logInAtProvider();
    expect(new URL(tab.page.url()).href).toBe(`${demo.providerUrl}/`);
    const { id } = await tab.makeLoggedIn('large.bin', 'docTest1.txt');
    const card = tab.card('large.bin, docTest1.txt');
    await card.says('Being made');
    const listening = tab.page.waitForRequest(`**/downloads/${id}/events`);
    await tab.page.reload();
    await listening;
    await card.says('Being made');
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Ready');
    expect((await card.save()).suggestedFilename()).toBe('archive.zip');

    await tab.button('Log out').click();
    await tab.page.getByRole('heading', { name: 'Log in' }).waitFor();
    await tab.page.waitForURL(`${demo.providerUrl}/`);
    tab.forgive(UNAUTHENTICATED);
    // The provider has ended its own session: it would let the browser pass otherwise.
    await tab.logInAtProvider('bob');
    // The browser may report it only now.
    tab.forgive(UNAUTHENTICATED);
  });

  it.for([
    { name: 'alice', sees: ['alice'], ofDocuments: false },
    { name: 'bob', sees: ['bob'], ofDocuments: true },
  ] as const)('sees what they may read: $name', async ({ name, sees, ofDocuments }, { tab }) => {
    await tab.logInAtProvider(name);
    const folders = tab.page.getByRole('button', { name: /^Open the folder / });
    await tab.openFolder('User Homes');
    expect(await folders.allInnerTexts()).toEqual(sees);
    await tab.button('Company Home').click();
    await tab.openFolder('Documents');
    await tab.page.getByLabel('docTest1.txt', { exact: true }).waitFor();
    const secret = tab.page.getByLabel('bob-private.txt', { exact: true });
    expect(await secret.isVisible()).toBe(ofDocuments);
  });

  it('leaves neither token, code nor cookie where the page, the log, the metrics or the traces show them', async ({
    tab,
    demo,
  }) => {
    const collector = await Collector.start();
    onTestFinished(() => collector.close());
    await demo.stopService();
    await demo.startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    const secrets: string[] = [];
    tab.page.on('request', (request) => {
      const { searchParams, pathname } = new URL(request.url());
      const code = searchParams.get('code');
      if (pathname === '/auth/callback') secrets.push(code!, searchParams.get('state')!);
    });
    const log = captureOutput();
    await tab.logInAtProvider();
    const { card } = await tab.makeLoggedIn('docTest1.txt');
    await card.says('Ready');
    await card.save();
    await tab.page.reload();
    await card.says('Ready');
    log.stop();

    const cookies = await tab.context.cookies(demo.providerUrl);
    expect(cookies.filter(({ name }) => name === 'alfresco-downloads')).toEqual([
      expect.objectContaining({ httpOnly: true, sameSite: 'Lax' }),
    ]);
    const tokens = demo.sandbox.requests.flatMap(
      ({ headers }) => headers.authorization?.toString().replace('Bearer ', '') ?? [],
    );
    secrets.push(...cookies.map(({ value }) => value), ...tokens);
    expect(new Set(tokens).size).toBeGreaterThan(0);
    expect(secrets.length).toBeGreaterThan(3);
    const metrics = await (await fetch(`${demo.providerUrl}/metrics`)).text();
    const page = await readable(tab);
    // Sends the spans that are left.
    await demo.stopService();
    const routes = new Set(collector.spans.map(({ name }) => name));
    for (const route of ['GET /auth/callback', 'GET /downloads/:id/content']) {
      expect(routes).toContain(route);
    }
    const traces = collector.exports.join('\n');
    const seen = { page, log: log.text(), metrics, traces };
    for (const [where, text] of Object.entries(seen)) {
      expect(text.length, where).toBeGreaterThan(100);
      expect(
        secrets.filter((secret) => text.includes(secret)),
        where,
      ).toEqual([]);
    }
  });

  it('is asked to log in again after another tab has logged out', async ({ tab, demo }) => {
    demo.sandbox.bytesPerSecond = 0;
    await tab.logInAtProvider();
    const { card } = await tab.makeLoggedIn('large.bin');
    await card.says('Being made');
    const other = await tab.another(demo.providerUrl);
    await other.button('Log out').click();
    await tab.page.getByText(LOGGED_OUT).waitFor();
    expect(await tab.page.locator('#workspace').isVisible()).toBe(false);
    tab.forgive(UNAUTHENTICATED);
  });

  it('loses the stream within a second of logging out at the provider', async ({ tab, demo }) => {
    demo.sandbox.bytesPerSecond = 0;
    await tab.logInAtProvider();
    const { card } = await tab.makeLoggedIn('large.bin');
    await card.says('Being made');
    const ended = Promise.race([
      tab.page.waitForEvent('requestfinished', isStream),
      tab.page.waitForEvent('requestfailed', isStream),
    ]).then(() => performance.now());
    const loggingOut = tab.context
      .waitForEvent('request', (request) => request.url().includes('/session/end/confirm'))
      .then(() => performance.now());
    await tab.another(`${demo.provider.issuer}/session/end`);
    const [begun, over] = await Promise.all([loggingOut, ended]);
    expect(over - begun).toBeLessThan(1000);
    await tab.page.getByText(LOGGED_OUT).waitFor();
    tab.forgive(UNAUTHENTICATED);
  });
});
