import { withDemo } from '../harness/demo-fixtures.js';
import { until } from '../harness/polling.js';

const it = withDemo({ sandbox: { largeFileBytes: 60_000_000 } });
/** Just large enough for Alfresco to notice a cancellation midway. */
const itMakesMany = withDemo({ sandbox: { largeFileBytes: 11_000_000 } });

describe('a login', { timeout: 60_000 }, () => {
  it('with a wrong password shows a message, without the browser’s login window', async ({
    tab,
  }) => {
    const rejected = tab.page.waitForResponse((response) => response.status() === 401);
    await tab.logIn('wrong');
    await tab.page.getByText('The name or the password is wrong.').waitFor();
    // Browsers open their own login window for `Basic`.
    expect((await rejected).headers()['www-authenticate']).toMatch(/^xBasic /);
    tab.forgive(/status of 401/);
    expect(await tab.page.locator(':focus').getAttribute('name')).toBe('password');
    await tab.page.keyboard.type('demo');
    await tab.page.keyboard.press('Enter');
    await tab.button('Open the folder Documents').waitFor();
  });

  it('ends with the session and leaves nothing behind', async ({ tab }) => {
    const { card } = await tab.make('docTest1.txt');
    await card.says('Ready');
    await tab.button('Log out').click();
    await tab.page.getByRole('heading', { name: 'Log in' }).waitFor();
    expect(await tab.page.locator('#workspace').isVisible()).toBe(false);
    expect(await tab.page.evaluate('sessionStorage.length')).toBe(0);
    await tab.page.reload();
    await tab.page.getByRole('heading', { name: 'Log in' }).waitFor();
  });

  it('is requested again when the service no longer accepts it', async ({ tab }) => {
    await tab.logIn();
    await tab.openFolder('Documents');
    await tab.page.route('**/downloads', (route) =>
      route.continue({ headers: { ...route.request().headers(), authorization: 'Basic eDp4' } }),
    );
    await tab.choose('docTest1.txt');
    await tab.button('Make ZIP').click();
    await tab.page.getByText('Your login is not valid any more. Log in again.').waitFor();
    tab.forgive(/status of 401/);
  });
});

describe('a download that is being made', { timeout: 60_000 }, () => {
  it('is shown by its id in another tab, and by the name of its ZIP once that is ready', async ({
    tab,
    demo,
  }) => {
    demo.sandbox.bytesPerSecond = 0;
    const { id } = await tab.make('Report.pdf', 'docTest1.txt');
    await tab.page.evaluate(`sessionStorage.removeItem('alfresco-downloads.contents.${id}')`);
    await tab.page.reload();
    const card = tab.card(`Download ${id.slice(0, 8)}`);
    await card.says('Being made');
    demo.sandbox.bytesPerSecond = undefined;
    await tab.card('archive.zip').button('Save').first().waitFor();
  });

  it('is found again after the service was stopped and started, and finishes', async ({
    tab,
    demo,
  }) => {
    demo.sandbox.bytesPerSecond = 0;
    const { card } = await tab.make('large.bin');
    await card.says('Being made');
    await demo.stopService();
    await card.says(/^Connection lost\. Trying again in \d+ sec\.$/);
    await tab.page.getByText('large.bin.zip: Connection lost.').waitFor({ state: 'attached' });
    await demo.startService();
    await card.root.getByText(/^Connection lost/).waitFor({ state: 'detached' });
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Ready');
    await card.save();
    tab.forgive(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/);
  });

  it('is followed by polling where event streams do not get through', async ({ tab, demo }) => {
    await tab.page.route('**/events', (route) => route.abort());
    demo.sandbox.bytesPerSecond = 0;
    const { card } = await tab.make('large.bin');
    await card.says('Being made');
    await tab.page.waitForRequest(
      (request) => request.headers().prefer?.startsWith('wait=') === true,
    );
    demo.sandbox.bytesPerSecond = 25_000_000;
    await card.says(/^[1-9]\d%/);
    await card.says('Ready');
    await card.save();
    tab.forgive(/ERR_FAILED/);
  });

  itMakesMany(
    'is one of several, none of which uses up the connections that the others need',
    async ({ tab, demo }) => {
      demo.sandbox.bytesPerSecond = 0;
      await tab.logIn();
      await tab.openFolder('Documents');
      for (let made = 0; made < 8; made += 1) {
        await tab.choose('large.bin');
        await tab.order();
      }
      // If all connections of the browser were in use, this request would never be sent.
      await tab.card('large.bin.zip').button('Cancel').first().click();
      await tab.page.getByText('Cancelling').first().waitFor();
      demo.sandbox.bytesPerSecond = undefined;
      await tab.page.getByText('Cancelled').first().waitFor();
      const bars = tab.page.locator('.card [role=progressbar]:visible');
      await until(
        () => bars.count(),
        (count) => count === 0,
        { forMs: 30_000 },
      );
    },
  );
});

describe('the list of downloads', { timeout: 60_000 }, () => {
  it('can be reloaded after the service was down', async ({ tab }) => {
    await tab.page.route('**/downloads?*maxItems=20', (route) => route.abort(), { times: 1 });
    await tab.logIn();
    await tab.page.getByText('The service cannot be reached.').waitFor();
    await tab.button('Try again').click();
    await tab.card('Projects.zip').root.waitFor();
    expect(await tab.button('Try again').count()).toBe(0);
    tab.forgive(/ERR_FAILED/);
  });
});
