import { mkdir } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { AUDIENCE } from '../../demo/identity-provider.ts';
import { AS_ALICE } from '../harness/bff.js';
import { CALLERS } from '../harness/callers.js';
import { inBrowser } from '../harness/demo-fixtures.js';
import { requirePrograms } from '../harness/programs.js';
import { PASSWORDS, SessionSetting } from '../harness/session-setting.js';
import { SwaggerPage } from '../harness/swagger-page.js';

const PUBLIC_CLIENT = 'reader-of-the-docs';
const LIST = { tag: 'downloads', operationId: 'listDownloads' };
const CREATE = { tag: 'downloads', operationId: 'createDownload' };

/** Tests with a service that has every way to log in, and a page of a fresh browser profile. */
const it = inBrowser
  .extend('setting', { scope: 'file' }, async ({}, { onCleanup }) => {
    const setting = await SessionSetting.start({
      variables: { AUTH: 'basic,bearer,session', OIDC_AUDIENCE: AUDIENCE },
      others: (url) => [
        {
          client_id: PUBLIC_CLIENT,
          token_endpoint_auth_method: 'none',
          grant_types: ['authorization_code'],
          redirect_uris: [`${url}/docs/oauth2-redirect.html`],
        },
      ],
    });
    onCleanup(() => setting.close());
    await setting.startService();
    return setting;
  })
  .extend('page', async ({ browser, setting, skip }, { onCleanup }) => {
    requirePrograms({ skip }, 'chromium');
    const context = await browser!.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      // Nobody is logged in at first, which the browser reports. The provider has no icon, and sends browsers that have
      // logged out to the root, where nothing is.
      const { url } = message.location();
      const isOwn = url.startsWith(`${setting.url}/`) && url !== `${setting.url}/`;
      if (isOwn && message.type() === 'error' && !message.text().includes('401')) {
        complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    onCleanup(async () => {
      await context.close();
      expect(complaints).toEqual([]);
    });
    return page;
  });

/** Logs in on the page of the provider. */
async function submit(page: Page, name: keyof typeof PASSWORDS): Promise<void> {
  await page.locator('input[name=name]').fill(name);
  await page.locator('input[name=password]').fill(PASSWORDS[name]);
  await page.getByRole('button', { name: 'Log in' }).click();
}

const isList = (one: { url(): string }) => new URL(one.url()).pathname === '/downloads';

/** The headers of the next request for the list of downloads. */
async function listRequest(page: Page) {
  const request = await page.waitForRequest(isList);
  return request.allHeaders();
}

/** Opens Swagger UI, and logs in with the browser. */
async function openLoggedIn(page: Page, { url }: SessionSetting): Promise<SwaggerPage> {
  const swagger = await SwaggerPage.open(page, url);
  await page.getByRole('link', { name: 'Log in', exact: true }).click();
  await submit(page, 'alice');
  await page.getByText('Logged in with this browser as alice').waitFor();
  return swagger;
}

const picture = async (page: Page, name: string) => {
  if (!process.env.SCREENSHOTS) return;
  await mkdir(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
};

describe('Swagger UI of a service where browsers log in', { timeout: 60_000 }, () => {
  it('says who is logged in, uses the cookie, and logs out', async ({ page, setting }) => {
    await SwaggerPage.open(page, setting.url);
    await page.getByText('Nobody is logged in with this browser.').waitFor();
    await picture(page, 'nobody');
    const swagger = await openLoggedIn(page, setting);
    expect(new URL(page.url()).pathname).toBe('/docs');
    await picture(page, 'alice');
    expect(await swagger.tryOut(LIST)).toBe('200');
    expect(await swagger.tryOut(CREATE)).toBe('202');
    // At the provider, too, and back from there.
    const back = page.waitForResponse(`${setting.url}/`);
    await page.getByRole('button', { name: 'Log out', exact: true }).click();
    await back;
    await page.waitForURL(`${setting.url}/docs`);
    await page.getByText('Nobody is logged in with this browser.').waitFor();
    expect(await page.context().cookies(setting.url)).toEqual([]);
  });

  it('gets a token from the provider in a window of its own', async ({ page, setting }) => {
    const swagger = await SwaggerPage.open(page, setting.url);
    await page.locator('button.authorize').first().click();
    const form = page.locator('.auth-container', { hasText: 'authorizationCode' });
    await form.locator('input[type=text]').fill(PUBLIC_CLIENT);
    for (const box of await form.locator('input[type=checkbox]').all()) {
      if (!(await box.isChecked()))
        await box.locator('xpath=following-sibling::label').first().click();
    }
    await picture(page, 'dialog');
    // A cookie that no script may set is not asked for.
    expect(await page.locator('.dialog-ux').innerText()).not.toContain('cookie');
    const [popup] = await Promise.all([
      page.waitForEvent('popup'),
      form.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click(),
    ]);
    await submit(popup, 'bob');
    await form.getByRole('button', { name: 'Remove authorization' }).waitFor();
    expect(popup.isClosed()).toBe(true);
    await page.locator('.btn-done').first().click();
    const [headers, status] = await Promise.all([listRequest(page), swagger.tryOut(LIST)]);
    expect(status).toBe('200');
    expect(headers.authorization).toMatch(/^Bearer ey/);
    // Nothing is left by which others could log in.
    expect(page.url()).not.toContain('code=');
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
  });

  it('lets name and password go before the session of the browser', async ({ page, setting }) => {
    const swagger = await openLoggedIn(page, setting);
    await swagger.authorize(CALLERS.alice.name, CALLERS.alice.password);
    const [headers, status] = await Promise.all([listRequest(page), swagger.tryOut(LIST)]);
    expect(status).toBe('200');
    expect(headers.authorization).toBe(AS_ALICE.authorization);
    expect(headers.cookie).toBeUndefined();
  });

  it('shows a 401 in the page, and opens no window of the browser', async ({ page, setting }) => {
    const swagger = await SwaggerPage.open(page, setting.url);
    const [response, status] = await Promise.all([
      page.waitForResponse(isList),
      swagger.tryOut(LIST),
    ]);
    expect(status).toBe('401');
    // Browsers know no such scheme.
    expect(await response.headerValue('www-authenticate')).toContain('xBasic realm=');
    expect(await response.headerValue('www-authenticate')).not.toMatch(/(?:^|, )Basic/);
  });

  it('may connect to the provider for a token, and nowhere else', async ({ page, setting }) => {
    const response = await page.goto(`${setting.url}/docs`);
    const policy = await response!.headerValue('content-security-policy');
    expect(policy!.split(';')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      `connect-src 'self' ${setting.provider.issuer}/token`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ]);
    const other = await page.request.get(`${setting.url}/problems`);
    expect(other.headers()['content-security-policy']).toContain("connect-src 'self';");
  });
});
