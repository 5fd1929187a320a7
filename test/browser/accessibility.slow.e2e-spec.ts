import { DownloadsApi } from '../harness/api.js';
import { expectAccessible } from '../harness/accessibility.js';
import { withDemo } from '../harness/demo-fixtures.js';

const LARGE_FILE_BYTES = 60_000_000;

const it = withDemo({
  sandbox: { largeFileBytes: LARGE_FILE_BYTES, maxContentSize: LARGE_FILE_BYTES + 1_000_000 },
});
const itStallsSoon = withDemo({ variables: { STALL_AFTER_MS: '1000' } });

describe('the page can be used by everyone', { timeout: 120_000 }, () => {
  it('while they log in', async ({ tab }) => {
    await expectAccessible(tab, 'login');
    await tab.logIn('wrong');
    await tab.page.getByText('The name or the password is wrong.').waitFor();
    await expectAccessible(tab, 'login-refused');
    tab.forgive(/status of 401/);
  });

  it('while they log in at the provider', async ({ tab, demo }) => {
    await tab.page.goto(demo.providerUrl);
    await tab.page.getByRole('link', { name: 'Log in with the demo provider' }).waitFor();
    await expectAccessible(tab, 'login-provider');
    tab.forgive(/status of 401/);
    await tab.page.getByRole('link', { name: 'Log in with the demo provider' }).click();
    await tab.page.getByLabel('Password').fill('wrong');
    await tab.page.getByLabel('Name').fill('alice');
    await tab.button('Log in').click();
    await tab.page.getByText('Name or password is wrong.').waitFor();
    await expectAccessible(tab, 'provider');
    tab.forgive(/status of 400/);
  });

  it('while they choose', async ({ tab }) => {
    await tab.logIn();
    await tab.card('Projects.zip').root.waitFor();
    await expectAccessible(tab, 'top-folder');
    await tab.openFolder('Documents');
    await tab.choose('naïve 日本 отчёт.txt', 'archived.txt', 'large.bin');
    await expectAccessible(tab, 'chosen');
    await tab.button('Make ZIP').click();
    await tab.page.getByText(/cold storage/).waitFor();
    await expectAccessible(tab, 'choice-refused');
    tab.forgive(/status of 412/);
    await tab.openFolder('empty folder');
    await tab.page.getByText('This folder is empty.').waitFor();
    await expectAccessible(tab, 'empty-folder');
  });

  it('while ZIPs are being made, and when the connection is lost', async ({ tab, demo }) => {
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
    await expectAccessible(tab, 'being-made');

    await demo.stopService();
    await half.says(/^Connection lost/);
    await expectAccessible(tab, 'connection-lost');
    await demo.startService();
    await half.root.getByText(/^Connection lost/).waitFor({ state: 'detached' });
    tab.forgive(/ERR_/);
  });

  it('when the ZIPs have ended, each in its way', async ({ tab, demo }) => {
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
    await expectAccessible(tab, 'ended');
  });

  itStallsSoon('when a download has stalled', async ({ tab }) => {
    const { card } = await tab.make('crashing.bin');
    await card.says('Stalled');
    await expectAccessible(tab, 'stalled');
  });
});

describe('the pages about problems can be used by everyone', { timeout: 60_000 }, () => {
  it('the list, and what it leads to', async ({ tab, demo }) => {
    await tab.page.goto(`${demo.url}/problems`);
    await expectAccessible(tab, 'problems');
    await tab.page.getByRole('link', { name: 'Alfresco refused the credentials' }).click();
    await tab.page.getByRole('heading', { name: 'What the caller can do' }).waitFor();
    await expectAccessible(tab, 'problem');
    await tab.page.getByRole('link', { name: 'All problems' }).click();
    await tab.page.getByRole('heading', { name: 'Problems', exact: true }).waitFor();
  });
});
