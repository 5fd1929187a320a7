import type { Page } from 'playwright-core';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { basic } from '../harness/callers.js';
import { withDemo } from '../harness/demo-fixtures.js';
import { ElementExamples } from '../harness/element-examples.js';
import { ElementPage, filesOf } from '../harness/element-page.js';
import { WebSite } from '../harness/web-site.js';

const DEMO_USER = { name: 'demo', password: 'demo' };

const examples = await ElementExamples.prepare();
/** Of another origin than the service, besides passing requests on. */
const site = await WebSite.start(await examples.build('html'), '/downloads');
afterAll(async () => {
  await site.close();
  await examples.remove();
});

/** `tab` is the example in plain HTML, of whose page a test may change the element; `log` what the element has told. */
const it = withDemo({
  sandbox: { largeFileBytes: 20_000_000 },
  variables: { CORS_ORIGINS: site.url },
})
  .extend('element', async ({ browser, demo, tab: _available }, { onCleanup }) => {
    site.service = demo.url;
    const element = await ElementPage.open(browser!, site.url);
    onCleanup(async () => {
      const { complaints } = element;
      await element.close();
      expect(complaints).toEqual([]);
    });
    await element.logIn({ ...DEMO_USER, headers: {} });
    return element;
  })
  .extend('api', ({ demo }) => new DownloadsApi(demo.url, { authorization: basic(DEMO_USER) }));

/** Runs a script in the page, in which `zip` is the element. */
function run(page: Page, script: string): Promise<unknown> {
  return page.evaluate(
    `(() => { const zip = document.querySelector('alfresco-zip'); ${script} })()`,
  );
}

const streams = ({ requests }: ElementPage) =>
  requests.filter((request) => request.endsWith('/events'));

describe('the element', { timeout: 60_000 }, () => {
  it('stops watching when it leaves the page, and goes on when it returns', async ({
    element,
    demo,
  }) => {
    const { page } = element;
    demo.sandbox.bytesPerSecond = 0;
    await element.choose('Projects');
    await element.button('Download what is chosen').click();
    await element.says('Being made');
    const ended = page.waitForEvent('requestfailed', (request) =>
      request.url().endsWith('/events'),
    );
    await run(page, 'globalThis.kept = zip; zip.remove();');
    await ended;
    const watched = page.waitForRequest((request) => request.url().endsWith('/events'));
    await run(page, "document.querySelector('main').append(globalThis.kept);");
    await watched;
    await element.says('Being made');
    const saved = await element.saving(async () => (demo.sandbox.bytesPerSecond = undefined));
    expect(saved.suggestedFilename()).toBe('Projects.zip');
  });

  it('is not interrupted when it is moved in the page, or its attributes are set again', async ({
    element,
    demo,
  }) => {
    demo.sandbox.bytesPerSecond = 0;
    await element.choose('Projects');
    await element.button('Download what is chosen').click();
    await element.says('Being made');
    await run(
      element.page,
      `document.querySelector('main').prepend(zip);
       zip.setAttribute('node-ids', zip.getAttribute('node-ids'));
       zip.nodeIds = ['${SAMPLE_NODES.textFile}'];`,
    );
    const saved = await element.saving(async () => (demo.sandbox.bytesPerSecond = undefined));
    expect(saved.suggestedFilename()).toBe('Projects.zip');
    expect(streams(element)).toHaveLength(1);
    await run(element.page, `zip.nodeIds = ['${SAMPLE_NODES.reportPdf}'];`);
    await element.button('Download what is chosen').waitFor();
  });

  it('is used by keyboard, without losing focus, and tells screen readers how it goes', async ({
    element,
    demo,
  }) => {
    const { page } = element;
    const said: string[] = [];
    await page.exposeFunction('hear', (text: string) => text && said.push(text));
    await run(
      page,
      `const status = zip.shadowRoot.querySelector('[role=status]');
       new MutationObserver(() => hear(status.textContent)).observe(status, { childList: true });
       zip.label = 'my ZIP';`,
    );
    demo.sandbox.bytesPerSecond = 0;
    await element.choose('Projects');
    await run(page, 'zip.focus();');
    await page.keyboard.press('Enter');
    await element.says('Being made');
    // Not at a button that would do something else.
    const focused = await element.element.evaluate((zip) => {
      const { activeElement } = zip.shadowRoot!;
      return [activeElement?.getAttribute('role'), activeElement?.getAttribute('aria-label')];
    });
    expect(focused).toEqual(['group', 'my ZIP']);
    demo.sandbox.bytesPerSecond = undefined;
    await element.saving(() => element.says('Ready'));
    await page.keyboard.press('Tab');
    await element.saving(() => page.keyboard.press('Space'));
    await expect.poll(() => said).toContain('my ZIP: Ready');
    expect(said).toContain('my ZIP: Being made');
  });

  it('speaks another language, in numbers and plurals as well', async ({ element, demo }) => {
    await run(
      element.page,
      `zip.lang = 'de';
       zip.setAttribute('text-making', 'In Arbeit');
       zip.texts = {
         cancel: 'Abbrechen', bytes: '{done} von {total}', files: '{done} von {total}',
         'files-one': '{count} Datei', 'files-other': '{count} Dateien',
         'error-node-forbidden': 'Das dürfen Sie nicht lesen.',
       };`,
    );
    demo.sandbox.bytesPerSecond = 0;
    await element.choose('large.bin', 'Projects');
    await element.button('Download what is chosen').click();
    await element.says('In Arbeit');
    await element.says(/ von 20,3 MB · \d von 7 Dateien/);
    await element.button('Abbrechen').click();
    demo.sandbox.bytesPerSecond = undefined;
    await element.says('Cancelled');
    await element.choose('of bob only');
    await element.button('Download what is chosen').click();
    await element.says('Das dürfen Sie nicht lesen.');
    element.forgive(/status of 403/);
  });

  it('has a text of its own where the page gives none, and looks as the page says', async ({
    element,
  }) => {
    await run(
      element.page,
      `const other = document.createElement('alfresco-zip');
       other.append('  \\n');
       other.nodeIds = ['${SAMPLE_NODES.textFile}'];
       zip.replaceWith(other);
       const style = document.createElement('style');
       style.textContent = ':root { --accent: green; } alfresco-zip { --alfresco-zip-accent: var(--accent); } alfresco-zip::part(make) { text-transform: uppercase; }';
       document.head.append(style);`,
    );
    const button = element.button('Download as ZIP');
    await button.waitFor();
    const style = await element.page.evaluate(`(() => {
      const { shadowRoot } = document.querySelector('alfresco-zip');
      const style = getComputedStyle(shadowRoot.querySelector('button'));
      return { backgroundColor: style.backgroundColor, textTransform: style.textTransform };
    })()`);
    expect(style).toEqual({ backgroundColor: 'rgb(0, 128, 0)', textTransform: 'uppercase' });
  });

  it('shows a download of an earlier visit, and leaves it to the user to save it', async ({
    element,
    api,
  }) => {
    const id = await api.createFinished([SAMPLE_NODES.projectsFolder]);
    let hasSaved = false;
    element.page.on('download', () => (hasSaved = true));
    await run(element.page, `zip.setAttribute('download-id', '${id}');`);
    await element.says('6 files, 301 kB');
    expect(hasSaved).toBe(false);
    const saved = await element.saving(() => element.button('Save').click());
    expect(saved.suggestedFilename()).toBe('Projects.zip');
  });

  it('leaves saving to a page that wants to do it', async ({ element }) => {
    await run(element.page, "zip.addEventListener('zip-done', (event) => event.preventDefault());");
    await element.choose('Projects');
    await element.button('Download what is chosen').click();
    await element.says('Ready');
    await element.button('Save').waitFor();
    expect(element.requests.some((request) => request.endsWith('direct-access-url'))).toBe(false);
  });

  it('goes on after a login has ended, once there is another', async ({ element, demo, api }) => {
    demo.sandbox.bytesPerSecond = 0;
    const id = await api.start([SAMPLE_NODES.projectsFolder]);
    await element.logIn({ name: 'demo', password: 'wrong', headers: {} });
    await run(element.page, `zip.downloadId = '${id}';`);
    await element.says('Not known');
    await element.logIn({ ...DEMO_USER, headers: {} });
    await element.button('Try again').click();
    await element.says(/Waiting|Being made/);
    demo.sandbox.bytesPerSecond = undefined;
    await element.says('Ready');
    element.forgive(/status of 401/);
  });

  it('gives a download up whose job has crashed', async ({ element, demo }) => {
    await demo.stopService();
    await demo.startService({ STALL_AFTER_MS: '1000' });
    const before = demo.sandbox.downloadIds().length;
    await run(element.page, `zip.nodeIds = ['${SAMPLE_NODES.crashingFile}'];`);
    await element.button('Download what is chosen').click();
    await element.says('Stalled');
    expect(demo.sandbox.downloadIds()).toHaveLength(before + 1);
    await element.button('Give up').click();
    await element.button('Download what is chosen').waitFor();
    expect(demo.sandbox.downloadIds()).toHaveLength(before);
  });

  it('works with the cookie of a session, from another origin', async ({ tab, demo }) => {
    await tab.logInAtProvider();
    const other = await tab.another(site.url);
    await run(
      other.page,
      `zip.authorization = undefined;
       zip.baseUrl = '${demo.providerUrl}';
       zip.credentials = 'include';
       zip.nodeIds = ['${SAMPLE_NODES.projectsFolder}'];`,
    );
    const [saved] = await Promise.all([
      other.page.waitForEvent('download'),
      other.button('Download what is chosen').click(),
    ]);
    expect(await filesOf(saved)).toContain('Projects/README.txt');
    tab.forgive(/status of 401/);
  });

  it('works with a token, from another origin', async ({ tab, demo, element }) => {
    await tab.logInAtProvider();
    // The token that the service got for alice. This page has no cookie.
    const token = demo.sandbox.requests
      .flatMap(({ headers }) => headers.authorization?.toString() ?? [])
      .findLast((authorization) => authorization.startsWith('Bearer '));
    await run(
      element.page,
      `zip.authorization = async () => '${token}';
       zip.setAttribute('base-url', '${demo.providerUrl}/');
       zip.nodeIds = ['${SAMPLE_NODES.projectsFolder}'];`,
    );
    const saved = await element.saving(() => element.button('Download what is chosen').click());
    expect(await filesOf(saved)).toContain('Projects/README.txt');
    tab.forgive(/status of 401/);
  });

  it('works with a name and password, from another origin', async ({ demo, element }) => {
    await run(
      element.page,
      `zip.authorization = '${basic(DEMO_USER)}';
       zip.baseUrl = '${demo.url}';
       zip.nodeIds = ['${SAMPLE_NODES.projectsFolder}'];`,
    );
    const asked = element.page.waitForRequest(`${demo.url}/downloads`);
    const saved = await element.saving(() => element.button('Download what is chosen').click());
    expect((await asked).method()).toBe('POST');
    expect(await filesOf(saved)).toContain('Projects/README.txt');
  });
});
