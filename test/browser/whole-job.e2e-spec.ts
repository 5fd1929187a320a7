import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Download, Locator } from 'playwright-core';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { demoInBrowser } from '../harness/demo-browser.js';
import type { DemoTab } from '../harness/demo-tab.js';
import { until } from '../harness/polling.js';
import { needsTools } from '../harness/tools.js';

const run = promisify(execFile);
const UNICODE = 'naïve 日本 отчёт.txt';
const QUOTED = `Report "final" 100%; v1'.txt`;

const it60 = { timeout: 60_000 };
const running = demoInBrowser({ largeFileBytes: 60_000_000 });

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whole-job-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Unpacks what the browser has saved with the `unzip` program; returns the names in it. */
async function unpack(download: Download): Promise<string[]> {
  const file = join(directory, 'saved.zip');
  await download.saveAs(file);
  // For names beyond ASCII.
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  await run('unzip', ['-q', file, '-d', directory], { env });
  const { stdout } = await run('unzip', ['-Z1', file], { env });
  return stdout.trimEnd().split('\n');
}

async function expectDocument(path: string, id: string): Promise<void> {
  const document = await DownloadsApi.ofAlfresco(running.demo.sandbox.url).content(id);
  expect((await readFile(join(directory, path))).equals(document)).toBe(true);
}

/** Every value that the bar of the first card shows from now on, in order. */
async function barValues({ page }: DemoTab): Promise<readonly number[]> {
  const values: number[] = [];
  await page.exposeFunction('seeBar', (value: number) => values.push(value));
  await page.evaluate(`{
    const bar = document.querySelector('.card progress');
    new MutationObserver(() => seeBar(bar.value)).observe(bar, { attributes: true });
  }`);
  return values;
}

describe('the page', () => {
  it(
    'makes a ZIP of documents from several folders, shows it growing, and saves it',
    it60,
    async (context) => {
      needsTools(context, 'unzip');
      const { tab, demo } = running;
      demo.sandbox.bytesPerSecond = 0;
      await tab.logIn();
      await tab.openFolder('Projects');
      await tab.page.getByLabel('Choose the folder Gemini').check();
      await tab.button('Company Home').click();
      await tab.openFolder('Documents');
      await tab.choose(UNICODE, QUOTED, 'large.bin');
      expect(await tab.page.locator('#basket-count').innerText()).toBe('4');
      expect(await tab.page.locator('#archive').innerText()).toBe('Will be saved as archive.zip');
      const { card } = await tab.order();
      const values = await barValues(tab);
      demo.sandbox.bytesPerSecond = 25_000_000;
      await card.says('Ready');

      const between = values.filter((value) => value > 0 && value < 100);
      expect(new Set(between).size).toBeGreaterThan(2);
      expect(between).toEqual(between.toSorted((one, other) => one - other));
      expect(await tab.page.locator('#basket-count').innerText()).toBe('0');

      const saved = await card.save();
      expect(saved.suggestedFilename()).toBe('archive.zip');
      expect(await unpack(saved)).toEqual([
        'Gemini/',
        'Gemini/Photo.bin',
        'Gemini/Empty/',
        UNICODE,
        QUOTED,
        'large.bin',
      ]);
      await expectDocument(UNICODE, SAMPLE_NODES.unicodeFile);
      await expectDocument(QUOTED, SAMPLE_NODES.quotedFile);
      await expectDocument('large.bin', SAMPLE_NODES.largeFile);
    },
  );

  it('names the ZIP of one document after it, on the page and on disk', it60, async () => {
    const { tab } = running;
    await tab.logIn();
    await tab.openFolder('Documents');
    await tab.choose(UNICODE);
    const name = await tab.page.locator('#archive-name').innerText();
    expect(name).toBe(`${UNICODE}.zip`);
    const { card } = await tab.order();
    await card.says('Ready');
    expect(await card.root.getByRole('heading').innerText()).toBe(name);
    expect((await card.save()).suggestedFilename()).toBe(name);
  });

  it('takes out again what was chosen', it60, async () => {
    const { tab } = running;
    await tab.logIn();
    await tab.openFolder('Documents');
    await tab.choose('docTest1.txt', 'docTest2.txt', 'Report.pdf');
    await tab.page.getByLabel('docTest1.txt', { exact: true }).uncheck();
    await tab.button('Do not choose docTest2.txt').click();
    expect(await tab.page.getByLabel('docTest2.txt', { exact: true }).isChecked()).toBe(false);
    expect(await tab.page.locator('#archive-name').innerText()).toBe('Report.pdf.zip');
    await tab.button('Do not choose Report.pdf').click();
    expect(await tab.button('Make ZIP').isDisabled()).toBe(true);
  });

  it('removes a download that is done with', it60, async () => {
    const { tab, demo } = running;
    const { card, id } = await tab.make('docTest1.txt');
    await card.says('Ready');
    await card.button('Remove').click();
    await card.root.filter({ hasText: 'docTest1' }).waitFor({ state: 'detached' });
    expect(demo.sandbox.downloadIds()).not.toContain(id);
    await tab.page.reload();
    await tab.card('Projects.zip').root.waitFor();
    expect(await tab.card('docTest1').root.count()).toBe(0);
  });

  it('does a whole job without a mouse', it60, async () => {
    const { tab } = running;
    const { page } = tab;
    const { keyboard } = page;
    const focused = page.locator(':focus');
    const tabTo = async (wanted: Locator) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await keyboard.press('Tab');
        if ((await wanted.and(focused).count()) > 0) return;
      }
      throw new Error(`no way to ${wanted.toString()}`);
    };

    await keyboard.type('demo');
    await keyboard.press('Tab');
    await keyboard.type('demo');
    await keyboard.press('Enter');
    await tab.button('Open the folder Documents').waitFor();
    expect(await focused.innerText()).toBe('Choose files and folders');
    await tabTo(tab.button('Open the folder Documents'));
    await keyboard.press('Enter');
    await page.getByText('Report.pdf').waitFor();
    expect(await focused.innerText()).toBe('Choose files and folders');
    await tabTo(page.getByLabel('docTest1.txt', { exact: true }));
    await keyboard.press('Space');
    await tabTo(page.getByLabel('Report.pdf', { exact: true }));
    await keyboard.press('Space');
    await tabTo(tab.button('Make ZIP'));
    await keyboard.press('Enter');
    // Another one of this name may be there; the new one is above it, and has the focus.
    await until(
      () => focused.innerText(),
      (text) => text === 'archive.zip',
    );
    const buttonOfNewest = (name: string) =>
      tab.newest.root.getByRole('button', { name, exact: true });
    const save = buttonOfNewest('Save archive.zip');
    await save.waitFor();
    await tabTo(save);
    const [saved] = await Promise.all([page.waitForEvent('download'), keyboard.press('Enter')]);
    expect(saved.suggestedFilename()).toBe('archive.zip');
    await tabTo(buttonOfNewest('Remove archive.zip'));
    await keyboard.press('Enter');
    await page.getByText('archive.zip is removed.').waitFor({ state: 'attached' });
    expect(await page.locator('h2:focus, h3:focus').count()).toBe(1);
  });
});
