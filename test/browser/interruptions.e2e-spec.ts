import { withDemo } from '../harness/demo-fixtures.js';

const it = withDemo({ sandbox: { largeFileBytes: 20_000_000 } });

describe('a download that is being made', { timeout: 60_000 }, () => {
  it('continues after a reload of the page, and can be saved', async ({ tab, demo }) => {
    demo.sandbox.bytesPerSecond = 0;
    const { id } = await tab.make('large.bin', 'docTest1.txt');
    const card = tab.card('large.bin, docTest1.txt');
    await card.says('Being made');
    const listening = tab.page.waitForRequest(`**/downloads/${id}/events`);
    await tab.page.reload();
    await listening;
    await card.says('Being made');
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Ready');
    expect((await card.save()).suggestedFilename()).toBe('archive.zip');
  });
});
