import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Download, Locator } from 'playwright-core';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { withDemo } from '../harness/demo-fixtures.js';
import type { DemoTab } from '../harness/demo-tab.js';
import { until } from '../harness/polling.js';
import { requirePrograms } from '../harness/programs.js';

const run = promisify(execFile);
const UNICODE = 'naïve 日本 отчёт.txt';
const QUOTED = `Report "final" 100%; v1'.txt`;

const it = withDemo({ sandbox: { largeFileBytes: 60_000_000 } });

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'whole-job-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Unpacks the saved file with `unzip`; returns the names of its entries. */
async function unpack(download: Download): Promise<string[]> {
  const file = join(directory, 'saved.zip');
  await download.saveAs(file);
  // A UTF-8 locale for non-ASCII names.
  const env = { ...process.env, LC_ALL: 'C.UTF-8' };
  await run('unzip', ['-q', file, '-d', directory], { env });
  const { stdout } = await run('unzip', ['-Z1', file], { env });
  return stdout.trimEnd().split('\n');
}

/** Records every later value of the first card's progress bar, in order. */
async function barValues({ page }: DemoTab): Promise<readonly number[]> {
  const values: number[] = [];
  await page.exposeFunction('recordBar', (value: number) => values.push(value));
  await page.evaluate(`{
    const { shadowRoot } = document.querySelector('.card alfresco-zip');
    const bar = shadowRoot.querySelector('[role=progressbar]');
    const record = () => recordBar(Number(bar.ariaValueNow));
    new MutationObserver(record).observe(bar, { attributes: true });
  }`);
  return values;
}

describe('the page', { timeout: 60_000 }, () => {
  it('makes a ZIP of documents from several folders, shows it growing, and saves it', async ({
    tab,
    demo,
    skip,
  }) => {
    requirePrograms({ skip }, 'unzip');
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
    const between = () => values.filter((value) => value > 0 && value < 100);
    // Slow until enough values have been recorded, since Alfresco reports progress every few megabytes.
    demo.sandbox.bytesPerSecond = 25_000_000;
    await until(
      () => new Set(between()).size,
      (count) => count > 2,
      { forMs: 30_000 },
    );
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Ready');

    expect(between()).toEqual(between().toSorted((one, other) => one - other));
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
    const alfresco = DownloadsApi.ofAlfresco(demo.sandbox.url);
    for (const [path, id] of [
      [UNICODE, SAMPLE_NODES.unicodeFile],
      [QUOTED, SAMPLE_NODES.quotedFile],
      ['large.bin', SAMPLE_NODES.largeFile],
    ] as const) {
      const document = await alfresco.content(id);
      expect((await readFile(join(directory, path))).equals(document), path).toBe(true);
    }
  });

  it('does the whole job without a mouse', async ({ tab }) => {
    const { page } = tab;
    const { keyboard } = page;
    const focused = page.locator(':focus');
    const tabTo = async (wanted: Locator) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await keyboard.press('Tab');
        if ((await wanted.and(focused).count()) > 0) return;
      }
      throw new Error(`cannot reach ${wanted.toString()} by keyboard`);
    };

    await page.getByLabel('Name').and(focused).waitFor();
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
    // There may be another card of this name; the new one is above it, and has the focus.
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
