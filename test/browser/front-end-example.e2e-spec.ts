import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { withDemo } from '../harness/demo-fixtures.js';

const it = withDemo();

describe('the example of a front end', { timeout: 60_000 }, () => {
  it('logs in, saves a ZIP, refuses what is not theirs, and logs out', async ({ tab, demo }) => {
    const { page } = tab;
    await page.goto(`${demo.providerUrl}/example/`);
    await page.getByRole('link', { name: 'Log in' }).click();
    await page.getByLabel('Name').fill('alice');
    await page.getByLabel('Password').fill('alice');
    await tab.button('Log in').click();
    await page.getByText('alice', { exact: true }).waitFor();
    expect(page.url()).toBe(`${demo.providerUrl}/example/`);
    const make = tab.button('Make a ZIP');
    const [download] = await Promise.all([page.waitForEvent('download'), make.click()]);
    expect(download.suggestedFilename()).toBe('Projects.zip');

    await page.getByLabel('Node').fill(SAMPLE_NODES.forbiddenFile);
    await make.click();
    await page.getByText('You may not read this node, or something in it.').waitFor();

    demo.sandbox.bytesPerSecond = 0;
    await page.getByLabel('Node').fill(SAMPLE_NODES.mediumFile);
    await make.click();
    await page.getByRole('progressbar').waitFor();
    const other = await tab.another(`${demo.providerUrl}/example/`);
    await other.button('Log out').click();
    await page.getByText('Log in again.').waitFor();
    await page.getByRole('link', { name: 'Log in' }).waitFor();
    tab.forgive(/status of 40[13]/);
  });
});
