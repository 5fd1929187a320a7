import { withDemo } from '../harness/demo-fixtures.js';
import { until } from '../harness/polling.js';

const sandbox = { largeFileBytes: 20_000_000 };
const IDLE_SECONDS = 10;

const itHasShortTokens = withDemo({ sandbox, accessTokenSeconds: 5 });
const itIsIdleSoon = withDemo({ sandbox, variables: { SESSION_IDLE: String(IDLE_SECONDS) } });

describe('someone who has logged in at the provider', { timeout: 90_000 }, () => {
  itHasShortTokens(
    'goes on where they were when the provider was stopped, and started again after their token had ended',
    async ({ tab, demo }) => {
      demo.sandbox.bytesPerSecond = 0;
      await tab.logInAtProvider();
      await tab.makeLoggedIn('large.bin');
      await tab.card('large.bin').says('Being made');
      await demo.provider.pause();
      const status = async () => {
        const response = await tab.context.request.get(`${demo.providerUrl}/auth/session`);
        return response.status();
      };
      await until(status, (code) => code === 503, { forMs: 20_000 });
      await tab.choose('docTest1.txt');
      await tab.button('Make ZIP').click();
      await tab.page.locator('#basket-error', { hasText: /Try again in \d+ s/ }).waitFor();
      expect(await tab.page.locator('#who-name').isVisible()).toBe(true);
      await demo.provider.resume();
      await until(status, (code) => code === 200, { forMs: 20_000 });
      await tab.order();
      await tab.card('docTest1.txt').says(/Waiting|Being made/);
      demo.sandbox.bytesPerSecond = undefined;
      await tab.card('large.bin').says('Ready');
      expect((await tab.card('large.bin').save()).suggestedFilename()).toBe('large.bin.zip');
      tab.forgive(/status of 503/);
    },
  );

  itIsIdleSoon(
    'is asked to log in again when the session has been idle, in the middle of a stream',
    async ({ tab, demo }) => {
      demo.sandbox.bytesPerSecond = 0;
      await tab.logInAtProvider();
      const { card } = await tab.makeLoggedIn('large.bin');
      await card.says('Being made');
      const since = performance.now();
      await tab.page.getByText('Your login is not valid any more. Log in again.').waitFor();
      expect((performance.now() - since) / 1000).toBeGreaterThan(IDLE_SECONDS - 5);
      expect(await tab.page.locator('#workspace').isVisible()).toBe(false);
      tab.forgive(/status of 401/);
      // The provider still knows them, and asks nothing.
      await tab.page.getByRole('link', { name: 'Log in with the demo provider' }).click();
      await tab.page.locator('#who-name', { hasText: 'alice' }).waitFor();
      await tab.card('Download').says('Being made');
    },
  );
});
