import type { Look } from '../harness/accessibility.js';
import { expectAccessible } from '../harness/accessibility.js';
import { launchBrowser } from '../harness/browser.js';
import { ElementExamples, type Framework } from '../harness/element-examples.js';
import { ElementPage, filesOf } from '../harness/element-page.js';
import { configured } from '../harness/fixtures.js';
import { pathOf, requirePrograms } from '../harness/programs.js';
import { WebSite } from '../harness/web-site.js';

const FRAMEWORKS: readonly Framework[] = ['html', 'angular', 'react', 'vue'];

/** For an installation from the registry and a build. */
const BUILD_TIMEOUT_MS = 180_000;

const LOOKS: readonly Look[] = [
  ['light', 'wide'],
  ['dark', 'wide'],
  ['light', 'zoomed'],
  ['dark', 'phone'],
];

const FILES_OF_PROJECTS = [
  'Projects/README.txt',
  'Projects/Apollo/Plan.txt',
  'Projects/Apollo/Budget.pdf',
  'Projects/Apollo/Minutes/2026-01-08.txt',
  'Projects/Apollo/Minutes/2026-01-15.txt',
  'Projects/Gemini/Photo.bin',
];

let examples: ElementExamples | undefined;
/** Of the framework whose tests run. */
let site: WebSite | undefined;

const it = configured({ sandbox: { largeFileBytes: 20_000_000 } })
  .extend('browser', { scope: 'file' }, async ({}, { onCleanup }) => {
    const browser = await launchBrowser();
    onCleanup(() => browser.close());
    return browser;
  })
  .extend('tab', async ({ browser, bff, user, skip }, { onCleanup }) => {
    requirePrograms({ skip }, 'chromium');
    site!.service = bff.url;
    const tab = await ElementPage.open(browser, site!.url);
    onCleanup(async () => {
      const { complaints } = tab;
      await tab.close();
      expect(complaints).toEqual([]);
    });
    await tab.logIn(user);
    return tab;
  });

beforeAll(async () => {
  if (pathOf('chromium') !== undefined) examples = await ElementExamples.prepare();
}, BUILD_TIMEOUT_MS);
afterAll(() => examples?.remove());

describe.each(FRAMEWORKS)('the element in the example for %s', { timeout: 60_000 }, (framework) => {
  beforeAll(async () => {
    if (examples) site = await WebSite.start(await examples.build(framework), '/downloads');
  }, BUILD_TIMEOUT_MS);
  afterAll(() => site?.close());

  it('makes a ZIP, shows how far it has got, saves it, and tells the page', async ({
    tab,
    sandbox,
  }) => {
    sandbox.bytesPerSecond = 0;
    await tab.choose('Projects', 'large.bin');
    await tab.button('Download what is chosen').click();
    await tab.says('Being made');
    sandbox.bytesPerSecond = 10_000_000;
    await tab.says(/^\d+% · \d.* of 20\.3 MB · \d of 7 files · .*\/s · about .* left$/);
    expect(Number(await tab.bar.getAttribute('aria-valuenow'))).toBeGreaterThan(0);
    sandbox.bytesPerSecond = undefined;
    const saved = await tab.saving(() => tab.says('Ready'));
    expect(saved.suggestedFilename()).toBe('archive.zip');
    expect(await filesOf(saved)).toEqual([...FILES_OF_PROJECTS, 'large.bin']);
    await tab.page.getByText('The page knows: 7 files are in the ZIP.').waitFor();

    const again = await tab.saving(() => tab.button('Save').click());
    expect(again.suggestedFilename()).toBe('archive.zip');
  });

  it('makes the ZIP of what is chosen at last', async ({ tab }) => {
    await expect.poll(() => tab.button('Download what is chosen').isDisabled()).toBe(true);
    await tab.choose('large.bin', 'Projects');
    await tab.page.getByLabel('large.bin').uncheck();
    const saved = await tab.saving(() => tab.button('Download what is chosen').click());
    expect(await filesOf(saved)).toEqual(FILES_OF_PROJECTS);
  });

  it('cancels it, and makes another one', async ({ tab, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    await tab.choose('large.bin');
    await tab.button('Download what is chosen').click();
    await tab.button('Cancel').click();
    await tab.says('Cancelling');
    sandbox.bytesPerSecond = undefined;
    await tab.says('Cancelled');
    const saved = await tab.saving(() => tab.button('Download what is chosen').click());
    expect(await filesOf(saved)).toEqual(['large.bin']);
  });

  it('says in words what is wrong, and tells the page', async ({ tab }) => {
    await tab.choose('of bob only');
    await tab.button('Download what is chosen').click();
    const message = tab.element.getByRole('alert');
    await message.getByText(/may not be read/).waitFor();
    const words = await message.innerText();
    await tab.page.getByText(`The page knows: ${words}`, { exact: true }).waitFor();
    await tab.page.getByLabel('of bob only').uncheck();
    await tab.choose('Projects');
    expect(await message.innerText()).toBe('');
    await tab.saving(() => tab.button('Download what is chosen').click());
    tab.forgive(/status of 403/);
  });

  it('can be used by everyone: light, dark, magnified, on a phone', async ({ tab, sandbox }) => {
    const state = (name: string) => expectAccessible(tab, `element-${framework}-${name}`, LOOKS);
    await state('empty');
    sandbox.bytesPerSecond = 5_000_000;
    await tab.choose('Projects', 'large.bin');
    await state('chosen');
    await tab.button('Download what is chosen').click();
    await tab.says(/^[1-9]\d*% .* left$/);
    sandbox.bytesPerSecond = 0;
    await state('being-made');
    sandbox.bytesPerSecond = undefined;
    await tab.saving(() => tab.says('Ready'));
    await state('done');
    await tab.page.getByLabel('large.bin').uncheck();
    await tab.choose('of bob only');
    await tab.button('Download what is chosen').click();
    await tab.element
      .getByRole('alert')
      .getByText(/may not be read/)
      .waitFor();
    await state('refused');
    tab.forgive(/status of 403/);
  });
});
