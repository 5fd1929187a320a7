import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Download } from 'playwright-core';
import { test } from 'vitest';
import { launchBrowser } from '../../harness/browser.js';
import { freshCaller } from '../../harness/callers.js';
import { until } from '../../harness/polling.js';
import { pathOf } from '../../harness/programs.ts';
import { needsTools } from '../../harness/tools.js';
import { AdfApp } from './adf-app.js';
import { AdfDeployment, type Way } from './adf-deployment.js';
import { AdfPage } from './adf-page.js';

const run = promisify(execFile);

const WAYS: readonly Way[] = [
  { origin: 'same', login: 'Basic' },
  { origin: 'other', login: 'Basic' },
  { origin: 'same', login: 'OAuth' },
  { origin: 'other', login: 'OAuth' },
];

/** An installation from the registry, and a build. */
const BUILD_TIMEOUT_MS = 300_000;

let app: AdfApp;
let browser: Browser;

beforeAll(async () => {
  if (pathOf('chromium') === undefined || pathOf('unzip') === undefined) return;
  app = await AdfApp.build();
  browser = await launchBrowser();
}, BUILD_TIMEOUT_MS);

afterAll(async () => {
  await browser?.close();
  await app?.remove();
});

describe.each(WAYS)('ADF at the $origin origin by $login', { timeout: 60_000 }, (way) => {
  let deployment: AdfDeployment;

  beforeAll(async () => {
    if (app) deployment = await AdfDeployment.start(app, way);
  });
  afterAll(() => deployment?.close());

  const it = test
    .extend('sandbox', ({ skip }, { onCleanup }) => {
      needsTools({ skip }, 'chromium', 'unzip');
      const { sandbox } = deployment;
      sandbox.clearRequests();
      onCleanup(() => (sandbox.bytesPerSecond = undefined));
      return sandbox;
    })
    .extend('user', () => freshCaller())
    /** Where nobody has logged in. */
    .extend('start', async ({ sandbox: _sandbox }, { onCleanup }) => {
      const page = await AdfPage.open(browser, deployment.site.url);
      onCleanup(() => page.close());
      return page;
    })
    .extend('adf', async ({ start, user }) => {
      await start.logIn({ ...user, at: way.login === 'OAuth' ? 'provider' : 'application' });
      await start.isLoggedInAs(user.name);
      return start;
    });

  it('saves a folder', async ({ adf }) => {
    const download = await adf.save(adf.order('Projects'));
    expect(download.suggestedFilename()).toBe('Projects.zip');
    expect(await listing(download)).toHaveLength(6);
    await shot(adf, 'folder');
  });

  it('saves two files', async ({ adf }) => {
    const download = await adf.save(adf.order('docTest1.txt', 'docTest2.txt'));
    expect(download.suggestedFilename()).toBe('archive.zip');
    expect(await listing(download)).toEqual(['13 docTest1.txt', '13 docTest2.txt']);
    await shot(adf, 'two');
  });

  it('shows how far a ZIP of 220 MB is, and saves it', async ({ adf, sandbox }) => {
    sandbox.bytesPerSecond = 50_000_000;
    const ordered = adf.order('large.bin', 'docTest1.txt');
    const saved = adf.save(ordered);
    await ordered;
    const seen: number[] = [];
    while (!(await adf.dialog.isHidden())) {
      seen.push(await adf.percent().catch(() => 100));
      await shot(adf, 'large');
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    console.log(seen);
    expect(await listing(await saved)).toEqual(['220000000 large.bin', '13 docTest1.txt']);
  });

  it('cancels in Alfresco, too', async ({ adf, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    await adf.order('large.bin', 'docTest1.txt');
    await until(() => adf.calls.filter((call) => call === 'GET /downloads/{id} 200').length, (count) => count > 1);
    await shot(adf, 'cancel');
    await adf.cancel();
    await adf.dialog.waitFor({ state: 'detached' });
    await until(
      () => sandbox.requests.filter(({ method }) => method === 'DELETE').map(({ status }) => status),
      (statuses) => statuses.length === 1 && statuses[0] === 202,
    );
  });

  it('reload', async ({ adf, sandbox, user }) => {
    sandbox.bytesPerSecond = 0;
    await adf.order('large.bin', 'docTest1.txt');
    await adf.dialog.waitFor();
    await adf.page.reload();
    await adf.isLoggedInAs(user.name);
    await shot(adf, 'reload');
    expect(await adf.dialog.count()).toBe(0);
    sandbox.bytesPerSecond = undefined;
    const download = await adf.save(adf.order('docTest1.txt', 'docTest2.txt'));
    expect(await listing(download)).toEqual(['13 docTest1.txt', '13 docTest2.txt']);
  });

  it.skipIf(way.login === 'OAuth')('wrong password', async ({ start, user }) => {
    await start.watchForWindows();
    await start.logIn({ name: user.name, password: 'wrong', at: 'application' });
    await until(() => start.calls, (calls) => calls.length > 0);
    await new Promise((r) => setTimeout(r, 1000));
    await shot(start, 'wrong');
    console.log(await start.page.locator('#login-error').allInnerTexts(), start.windows, start.challenges, start.calls);
  });

  it('dead ticket', async ({ adf }) => {
    await adf.watchForWindows();
    const ticket = await adf.ticket();
    const base = `${deployment.bff.url}/alfresco/api/-default-/public/authentication/versions/1/tickets/-me-`;
    const ended = await fetch(base, { method: 'DELETE', headers: { authorization: `Basic ${btoa(ticket!)}` } });
    console.log(ended.status);
    await adf.order('docTest1.txt', 'docTest2.txt');
    await new Promise((r) => setTimeout(r, 3000));
    await shot(adf, 'dead');
    console.log(adf.windows, adf.challenges, adf.calls);
  });

  it('403', async ({ adf }) => {
    await adf.order('of bob only', 'docTest2.txt');
    await new Promise((r) => setTimeout(r, 3000));
    await adf.cancel();
    await new Promise((r) => setTimeout(r, 1000));
    await shot(adf, '403');
    console.log(adf.calls, await adf.dialog.count());
  });

  it('crash', async ({ adf }) => {
    await adf.order('crashes the job', 'docTest2.txt');
    await new Promise((r) => setTimeout(r, 5000));
    await shot(adf, 'crash');
    console.log(adf.calls, await adf.percent());
    await adf.cancel();
    await new Promise((r) => setTimeout(r, 1000));
    console.log(adf.calls, await adf.dialog.count());
  });
  afterEach(({ task }) => {
    void task;
  });
});

async function shot(adf: AdfPage, name: string) {
  await adf.page.screenshot({ path: `/tmp/w14/adfwork/shots/${name}.png` });
}

/** What an independent program finds in the ZIP, in its order, when all checksums are right: sizes and names of the files. */
async function listing(download: Download): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'adf-zip-'));
  try {
    const file = join(directory, 'saved.zip');
    await download.saveAs(file);
    await run('unzip', ['-tq', file]);
    const { stdout } = await run('unzip', ['-Z', '-s', '-h', file]);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('-'))
      .map((line) => line.split(/\s+/))
      .map((columns) => `${columns[3]} ${columns.slice(8).join(' ')}`);
  } finally {
    await rm(directory, { recursive: true });
  }
}
