import { withDemo } from '../harness/demo-fixtures.js';

const UNICODE = 'naïve 日本 отчёт.txt';

const it = withDemo();

describe('the page', { timeout: 60_000 }, () => {
  it('names the ZIP of one document after it, on the page and on disk', async ({ tab }) => {
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

  it('removes documents from the selection', async ({ tab }) => {
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

  it('removes an unwanted download', async ({ tab, demo }) => {
    const { card, id } = await tab.make('docTest1.txt');
    await card.says('Ready');
    await card.button('Remove').click();
    await card.root.filter({ hasText: 'docTest1' }).waitFor({ state: 'detached' });
    expect(demo.sandbox.downloadIds()).not.toContain(id);
    await tab.page.reload();
    await tab.card('Projects.zip').root.waitFor();
    expect(await tab.card('docTest1').root.count()).toBe(0);
  });
});
