import { TWO_LOOKS, expectAccessible } from '../harness/accessibility.js';
import { withDemo } from '../harness/demo-fixtures.js';

const it = withDemo();

describe('the page can be used by everyone', { timeout: 60_000 }, () => {
  it('while they log in, choose, wait, and when the ZIP is there', async ({ tab, demo }) => {
    await expectAccessible(tab, 'login', TWO_LOOKS);
    await tab.logIn();
    await tab.openFolder('Documents');
    await tab.choose('naïve 日本 отчёт.txt', 'archived.txt', 'docTest1.txt');
    await expectAccessible(tab, 'chosen', TWO_LOOKS);
    await tab.button('Do not choose archived.txt').click();
    demo.sandbox.bytesPerSecond = 0;
    const { card } = await tab.order();
    await card.says('Being made');
    await expectAccessible(tab, 'being-made', TWO_LOOKS);
    demo.sandbox.bytesPerSecond = undefined;
    await card.says('Ready');
    await expectAccessible(tab, 'ended', TWO_LOOKS);
  });
});
