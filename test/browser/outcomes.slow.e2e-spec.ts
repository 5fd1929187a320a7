import type { Locator } from 'playwright-core';
import { DownloadsApi } from '../harness/api.js';
import type { Demo } from '../harness/demo.js';
import { withDemo } from '../harness/demo-fixtures.js';

const LARGE_FILE_BYTES = 60_000_000;

const it = withDemo({
  // medium.bin and large.bin together exceed the limit.
  sandbox: { largeFileBytes: LARGE_FILE_BYTES, maxContentSize: LARGE_FILE_BYTES + 1_000_000 },
  variables: { STALL_AFTER_MS: '3000' },
});

describe('a download', { timeout: 60_000 }, () => {
  it('is in view on a phone, also while the user looks at the folder', async ({ tab, demo }) => {
    demo.sandbox.bytesPerSecond = 0;
    await tab.page.setViewportSize({ width: 390, height: 780 });
    const { card } = await tab.make('large.bin');
    await card.says('Being made');
    await tab.page
      .getByRole('heading', { name: 'Choose files and folders' })
      .scrollIntoViewIfNeeded();
    expect(await inView(card.root)).toBe(false);
    const line = tab.page.locator('#running', { hasText: 'large.bin.zip: 0%' });
    expect(await inView(line)).toBe(true);
    await line.getByRole('link').click();
    await expect.poll(() => inView(card.root.getByText('Being made').first())).toBe(true);
    demo.sandbox.bytesPerSecond = undefined;
    await line.waitFor({ state: 'hidden' });
  });

  it('can be cancelled midway', async ({ tab, demo }) => {
    demo.sandbox.bytesPerSecond = 0;
    const { card } = await tab.make('large.bin');
    await card.says('Being made');
    await card.button('Cancel').click();
    await card.says('Cancelling');
    // Focus stays with the download, although the button has disappeared.
    const focused = card.root.locator(':focus[role=group]');
    expect(await focused.getAttribute('aria-label')).toBe('large.bin.zip');
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Cancelled');
    expect(await card.button('Save').count()).toBe(0);
  });

  it('is shown as finished when the cancellation came too late', async ({ tab, demo }) => {
    // Alfresco checks for a cancellation at the first bytes of a file; this one has only those.
    demo.sandbox.bytesPerSecond = 0;
    const { card } = await tab.make('docTest1.txt');
    await card.says('Being made');
    await card.button('Cancel').click();
    await card.says('Cancelling');
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Ready');
    await card.says('It was finished before it could be cancelled.');
    await card.save();
  });

  it('can be removed while it is being cancelled', async ({ tab, demo }) => {
    demo.sandbox.bytesPerSecond = 0;
    const { card, id } = await tab.make('docTest2.txt');
    await card.button('Cancel').click();
    await card.button('Remove').click();
    await card.root.filter({ hasText: 'docTest2' }).waitFor({ state: 'detached' });
    expect(demo.sandbox.downloadIds()).not.toContain(id);
  });

  it('is shown as stalled when its job has crashed, and can be removed', async ({ tab }) => {
    const { card } = await tab.make('crashing.bin');
    await card.says('Stalled');
    await card.says(/^Nothing has happened since \d\d:\d\d\. Alfresco may be busy, or/);
    await card.button('Remove').click();
    await card.root.filter({ hasText: 'crashing' }).waitFor({ state: 'detached' });
  });

  it('is no longer shown as stalled once it progresses', async ({ tab, demo }) => {
    demo.sandbox.bytesPerSecond = 0;
    const { card } = await tab.make('large.bin');
    await card.says('Stalled');
    demo.sandbox.bytesPerSecond = 20_000_000;
    await card.says('Being made');
    expect(await card.text()).not.toContain('Nothing has happened');
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Ready');
  });

  it('is shown as gone when Alfresco’s clean-up has removed it while it was being made', async ({
    tab,
    demo,
  }) => {
    demo.sandbox.bytesPerSecond = 0;
    const { card, id } = await tab.make('large.bin');
    await card.says('Being made');
    await cleanUp(demo, id);
    await card.says('Gone');
    await card.says(/^It was removed: from elsewhere, or by Alfresco/);
    await card.button('Remove').click();
    await card.root.filter({ hasText: 'Gone' }).waitFor({ state: 'detached' });
  });

  it('is shown as gone when the clean-up has removed it before it was saved', async ({
    tab,
    demo,
  }) => {
    const { card, id } = await tab.make('docTest1.txt');
    await card.says('Ready');
    await cleanUp(demo, id);
    // The service caches a finished download for some seconds; a restart clears the cache.
    await demo.stopService();
    await demo.startService();
    await card.button('Save').click();
    await card.says(/^It was removed: from elsewhere, or by Alfresco/);
    tab.forgive(/status of 404/);
  });

  it('shows that it is too large, and the limit', async ({ tab }) => {
    const { card } = await tab.make('medium.bin', 'large.bin');
    await card.says('Too large');
    await card.says('Alfresco makes no ZIP of more than 61 MB. Choose less.');
  });

  it('shows when documents are missing in the ZIP', async ({ tab }) => {
    const { card } = await tab.make('docTest1.txt', 'lost.txt');
    await card.says('1 file could not be read by Alfresco and is missing.');
  });
});

describe('a ZIP that cannot be requested', { timeout: 60_000 }, () => {
  it('is explained beside the selection, which is kept', async ({ tab }) => {
    await tab.logIn();
    await tab.openFolder('Documents');
    await tab.choose('archived.txt', 'docTest1.txt');
    await tab.button('Make ZIP').click();
    await tab.page
      .getByText('The content of at least one node is in cold storage and cannot be read now.')
      .waitFor();
    expect(await tab.page.locator('#basket-count').innerText()).toBe('2');
    tab.forgive(/status of 412/);

    await tab.button('Do not choose archived.txt').click();
    expect(await tab.page.locator('#basket-error').innerText()).toBe('');
    const { card } = await tab.order();
    await card.says('Ready');
  });

  it('is not made twice when the response is lost and the button is pressed again', async ({
    tab,
    demo,
  }) => {
    let isLost = true;
    await tab.page.route('**/downloads', async (route) => {
      if (route.request().method() !== 'POST' || !isLost) return route.fallback();
      await route.fetch();
      return route.abort();
    });
    const before = demo.sandbox.downloadIds().length;
    await tab.logIn();
    await tab.openFolder('Documents');
    await tab.choose('docTest1.txt');
    await tab.button('Make ZIP').click();
    await tab.page.getByText('The service cannot be reached.').waitFor();
    isLost = false;
    const { card } = await tab.order();
    await card.says('Ready');
    expect(demo.sandbox.downloadIds()).toHaveLength(before + 1);
    tab.forgive(/ERR_FAILED/);
  });
});

/** Removes a download as Alfresco’s clean-up does: without notice. */
async function cleanUp({ sandbox }: Demo, id: string): Promise<void> {
  const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
  expect((await alfresco.request('DELETE', `/nodes/${id}`)).status).toBe(204);
}

/** Whether it is in a window of 780 pixels as it is scrolled now. */
async function inView(locator: Locator): Promise<boolean> {
  return locator.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= 780;
  });
}
