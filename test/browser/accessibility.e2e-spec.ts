import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import { demoInBrowser } from '../harness/demo-browser.js';
import type { DemoTab } from '../harness/demo-tab.js';
import { DownloadsApi } from '../harness/api.js';

/** Pictures of every state, for people to look at. */
const SCREENSHOTS = join(process.cwd(), 'screenshots');
const WIDTHS = { wide: 1280, narrow: 320 } as const;
const LARGE_FILE_BYTES = 60_000_000;

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { html: string }[];
  }[];
}

/** Looks at the page as it is now: light and dark, wide and narrow. */
async function look({ page }: DemoTab, state: string): Promise<void> {
  // Not as a script of the page: its security policy allows none from elsewhere.
  await page.evaluate(axe.source);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [width, pixels] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width: pixels, height: 900 });
      const height = await page.evaluate<number>('document.documentElement.scrollHeight');
      // As high as the page, in which what sticks to the end of the window would cover something in the middle.
      await page.setViewportSize({ width: pixels, height });
      const name = `${state}-${colorScheme}-${width}`;
      await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
      const { violations } = await page.evaluate<AxeResults>('axe.run()');
      const found = violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
      );
      expect(found, name).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(
        pixels,
      );
    }
  }
  await page.setViewportSize({ width: WIDTHS.wide, height: 900 });
}

beforeAll(() => mkdirSync(SCREENSHOTS, { recursive: true }));

describe('the page can be used by everyone', { timeout: 120_000 }, () => {
  const running = demoInBrowser({
    largeFileBytes: LARGE_FILE_BYTES,
    maxContentSize: LARGE_FILE_BYTES + 1_000_000,
  });

  it('while one logs in', async () => {
    const { tab } = running;
    await look(tab, 'login');
    await tab.logIn('wrong');
    await tab.page.getByText('The name or the password is wrong.').waitFor();
    await look(tab, 'login-refused');
    tab.forgive(/status of 401/);
  });

  it('while one chooses', async () => {
    const { tab } = running;
    await tab.logIn();
    await tab.card('Projects.zip').root.waitFor();
    await look(tab, 'top-folder');
    await tab.openFolder('Documents');
    await tab.choose('naïve 日本 отчёт.txt', 'archived.txt', 'large.bin');
    await look(tab, 'chosen');
    await tab.button('Make ZIP').click();
    await tab.page.getByText(/cold storage/).waitFor();
    await look(tab, 'choice-refused');
    tab.forgive(/status of 412/);
    await tab.openFolder('empty folder');
    await tab.page.getByText('This folder is empty.').waitFor();
    await look(tab, 'empty-folder');
  });

  it('while ZIPs are being made, and when the connection is lost', async () => {
    const { tab, demo } = running;
    const { sandbox } = demo;
    await tab.make('unreadable.bin');
    await tab.card('unreadable.bin').says('Waiting');
    sandbox.bytesPerSecond = 30_000_000;
    await tab.choose('large.bin', 'Report.pdf', 'Contract.docx', 'docTest1.txt');
    await tab.order();
    const half = tab.card('large.bin, Report.pdf and 2 more');
    await half.says(/^[2-9]\d%/);
    sandbox.bytesPerSecond = 0;
    await tab.choose('large.bin', 'docTest2.txt');
    const { card } = await tab.order();
    await card.button('Cancel').click();
    await card.says('Cancelling');
    await look(tab, 'being-made');

    await demo.stopService();
    await half.says(/^Connection lost/);
    await look(tab, 'connection-lost');
    await demo.startService();
    await half.root.getByText('Connection lost').waitFor({ state: 'detached' });
    tab.forgive(/ERR_/);
  });

  it('when they have ended in whatever way', async () => {
    const { tab, demo } = running;
    const { sandbox } = demo;
    await tab.make('large.bin', 'medium.bin');
    await tab.card('large.bin, medium.bin').says('Too large');
    await tab.choose('docTest1.txt', 'lost.txt');
    await (await tab.order()).card.says('Ready');

    sandbox.bytesPerSecond = 0;
    await tab.choose('large.bin');
    const { id } = await tab.order();
    await tab.card('large.bin.zip').says('Being made');
    await DownloadsApi.ofAlfresco(sandbox.url).request('DELETE', `/nodes/${id}`);
    await tab.card('large.bin.zip').says('Gone');

    for (const [name, end] of [
      ['docTest2.txt', 'Ready'],
      ['medium.bin', 'Cancelled'],
    ] as const) {
      sandbox.bytesPerSecond = 0;
      await tab.choose(name);
      await tab.order();
      const card = tab.card(`${name}.zip`);
      await card.says('Being made');
      await card.button('Cancel').click();
      await card.says('Cancelling');
      sandbox.bytesPerSecond = undefined;
      await card.says(end);
    }
    await look(tab, 'ended');
  });
});

describe('a download that has stalled can be told by everyone', { timeout: 60_000 }, () => {
  const running = demoInBrowser({}, { STALL_AFTER_MS: '1000' });

  it('from the others', async () => {
    const { tab } = running;
    const { card } = await tab.make('crashing.bin');
    await card.says('Stalled');
    await look(tab, 'stalled');
  });
});

describe('the pages about problems can be used by everyone', { timeout: 60_000 }, () => {
  const running = demoInBrowser();

  it('the list, and what it leads to', async () => {
    const { tab, demo } = running;
    await tab.page.goto(`${demo.url}/problems`);
    await look(tab, 'problems');
    await tab.page.getByRole('link', { name: 'Alfresco refused the credentials' }).click();
    await tab.page.getByRole('heading', { name: 'What the caller can do' }).waitFor();
    await look(tab, 'problem');
    await tab.page.getByRole('link', { name: 'All problems' }).click();
    await tab.page.getByRole('heading', { name: 'Problems', exact: true }).waitFor();
  });
});
