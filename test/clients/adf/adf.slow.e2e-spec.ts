import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Download } from 'playwright-core';
import { test } from 'vitest';
import { DownloadsApi } from '../../harness/api.js';
import { launchBrowser } from '../../harness/browser.js';
import { createCaller } from '../../harness/callers.js';
import { until } from '../../harness/polling.js';
import { pathOf, requirePrograms } from '../../harness/programs.js';
import { AdfApp } from './adf-app.js';
import { AdfDeployment, type Way } from './adf-deployment.js';
import { AdfPage } from './adf-page.js';

const run = promisify(execFile);

const TOOLS = ['chromium', 'unzip'];

/** For an installation from the registry and a build. */
const BUILD_TIMEOUT_MS = 300_000;

const WAYS: readonly Way[] = [
  { origin: 'same', login: 'Basic' },
  { origin: 'other', login: 'Basic' },
  { origin: 'same', login: 'OAuth' },
  { origin: 'other', login: 'OAuth' },
];

/** Sizes and names, as `unzip` lists them. */
const TWO_FILES = ['13 docTest1.txt', '13 docTest2.txt'];
const FILES_OF_PROJECTS = [
  '23 Projects/README.txt',
  '28 Projects/Apollo/Plan.txt',
  '581 Projects/Apollo/Budget.pdf',
  '21 Projects/Apollo/Minutes/2026-01-08.txt',
  '16 Projects/Apollo/Minutes/2026-01-15.txt',
  '300000 Projects/Gemini/Photo.bin',
];

const POLL = 'GET /downloads/{id} 200';

let app: AdfApp | undefined;
let browser: Browser;

beforeAll(async () => {
  if (TOOLS.some((tool) => pathOf(tool) === undefined)) return;
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

  /** `adf` is the application after `user` has logged in, `start` before that. */
  const it = test
    .extend('sandbox', ({ skip }, { onCleanup }) => {
      requirePrograms({ skip }, ...TOOLS);
      const { sandbox } = deployment;
      sandbox.clearRequests();
      onCleanup(() => void (sandbox.bytesPerSecond = undefined));
      return sandbox;
    })
    .extend('user', () => createCaller())
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

  const picture = (adf: AdfPage, name: string) => adf.picture(`${name}-${way.origin}-${way.login}`);

  /** The page of an error response to a browser that tried to save a file. */
  async function failsToSave(adf: AdfPage, call: string, ...names: readonly string[]) {
    if (way.origin === 'other') {
      // The browser leaves the application and shows the response.
      await adf.order(...names);
      return adf.sees(call);
    }
    const download = await adf.save(...names);
    return expect(await download.failure()).not.toBeNull();
  }

  it('saves a folder', async ({ adf }) => {
    const download = await adf.save('Projects');
    expect(download.suggestedFilename()).toBe('Projects.zip');
    expect(await listing(download)).toEqual(FILES_OF_PROJECTS);
    await adf.dialog.waitFor({ state: 'detached' });
    await picture(adf, 'saved');
  });

  it('saves two files', async ({ adf }) => {
    const download = await adf.save('docTest1.txt', 'docTest2.txt');
    expect(download.suggestedFilename()).toBe('archive.zip');
    expect(await listing(download)).toEqual(TWO_FILES);
    // From `disableCSRF: false`; a service at another origin must allow the header.
    expect(adf.csrfTokens.size > 0).toBe(way.origin === 'other');
  });

  it('shows the progress of 220 MB, and saves them', async ({ adf, sandbox }) => {
    sandbox.bytesPerSecond = 30_000_000;
    const saved = adf.save('large.bin', 'docTest1.txt');
    await until(
      () => adf.percent(),
      (percent) => percent > 20,
    );
    await picture(adf, 'on-its-way');
    expect(await adf.percent()).toBeLessThan(100);
    sandbox.bytesPerSecond = undefined;
    expect(await listing(await saved)).toEqual(['220000000 large.bin', '13 docTest1.txt']);
  });

  it('cancels in Alfresco, too', async ({ adf, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    await adf.order('large.bin', 'docTest1.txt');
    await adf.sees(POLL);
    await adf.cancel();
    await adf.dialog.waitFor({ state: 'detached' });
    await until(
      () =>
        sandbox.requests.filter(({ method }) => method === 'DELETE').map(({ status }) => status),
      (statuses) => statuses[0] === 202,
    );
    sandbox.bytesPerSecond = undefined;
    const id = sandbox.downloadIds().at(-1)!;
    const { status } = await DownloadsApi.ofAlfresco(sandbox.url).waitUntilFinished(id);
    expect(status).toBe('CANCELLED');
  });

  it('stays logged in after a reload during a download, and saves again', async ({
    adf,
    user,
    sandbox,
  }) => {
    sandbox.bytesPerSecond = 0;
    await adf.order('large.bin', 'docTest1.txt');
    await adf.sees(POLL);
    await adf.page.reload();
    await adf.isLoggedInAs(user.name);
    expect(await adf.dialog.count()).toBe(0);
    sandbox.bytesPerSecond = undefined;
    const download = await adf.save('docTest1.txt', 'docTest2.txt');
    expect(await listing(download)).toEqual(TWO_FILES);
  });

  if (way.login === 'Basic') {
    it('reports a wrong password', async ({ start, user }) => {
      await start.watchForWindows();
      await start.logIn({ name: user.name, password: 'wrong', at: 'application' });
      await start.page.getByText("You've entered an unknown username or password").waitFor();
      await picture(start, 'wrong-password');
      expect(start.calls).toEqual(['POST /tickets 403']);
      expect(start.windows).toEqual([]);
    });

    it('opens no browser login window for an expired ticket, and returns to its login page', async ({
      adf,
    }) => {
      await adf.watchForWindows();
      await deployment.end((await adf.ticket())!);
      await adf.order('docTest1.txt', 'docTest2.txt');
      await adf.sees('POST /downloads 401');
      await picture(adf, 'ticket-ended');
      expect(await adf.percent()).toBe(0);

      await adf.page.reload();
      await adf.sees('GET /tickets/-me- 401');
      await until(
        () => adf.ticket(),
        (ticket) => ticket === null,
      );
      await adf.page.reload();
      await adf.page.locator('#login-button').waitFor();
      expect(adf.challenges).not.toEqual([]);
      for (const challenge of adf.challenges) expect(challenge).toMatch(/^AlfTicket realm="/);
      expect(adf.windows).toEqual([]);
    });
  } else {
    it('saves nothing with an expired ticket, and has a new one after a reload', async ({
      adf,
      user,
    }) => {
      await adf.watchForWindows();
      const ended = (await adf.ticket())!;
      await deployment.end(ended);
      await failsToSave(adf, 'GET /nodes/{id}/content 401', 'docTest1.txt', 'docTest2.txt');
      await picture(adf, 'ticket-ended');
      await adf.page.goto(deployment.site.url);
      await adf.isLoggedInAs(user.name);
      await until(
        () => adf.ticket(),
        (ticket) => ticket !== ended,
      );
      const download = await adf.save('docTest1.txt', 'docTest2.txt');
      expect(await listing(download)).toEqual(TWO_FILES);
      expect(adf.windows).toEqual([]);
    });
  }

  it('stays at 0 % after an error, and its Cancel button does not close the dialog', async ({
    adf,
  }) => {
    await adf.order('of bob only', 'docTest2.txt');
    await adf.sees('POST /downloads 403');
    await adf.cancel();
    await until(
      () => adf.errors.join('\n'),
      (errors) => errors.includes("Missing param 'downloadId'"),
    );
    await picture(adf, 'refused');
    expect(await adf.percent()).toBe(0);
  });

  it('keeps polling a crashed job until it is cancelled', async ({ adf, sandbox }) => {
    await adf.order('crashes the job', 'docTest2.txt');
    await adf.seesMore(POLL, 3);
    const percent = await adf.percent();
    await adf.seesMore(POLL, 3);
    await picture(adf, 'crashed');
    expect(percent).toBeGreaterThan(0);
    expect(await adf.percent()).toBe(percent);
    await adf.cancel();
    await adf.dialog.waitFor({ state: 'detached' });
    await adf.sees('DELETE /downloads/{id} 202');
    expect(sandbox.requests.map(({ method }) => method)).toContain('DELETE');
  });

  it('keeps polling a download that was cancelled elsewhere', async ({ adf, sandbox }) => {
    sandbox.bytesPerSecond = 0;
    await adf.order('large.bin', 'docTest1.txt');
    await adf.sees(POLL);
    const alfresco = DownloadsApi.ofAlfresco(sandbox.url);
    const id = sandbox.downloadIds().at(-1)!;
    await alfresco.request('DELETE', `/downloads/${id}`);
    sandbox.bytesPerSecond = undefined;
    expect((await alfresco.waitUntilFinished(id)).status).toBe('CANCELLED');
    await adf.seesMore(POLL, 4);
    expect(await adf.dialog.count()).toBe(1);
  });

  it('gets 404 for a single file, which it requests as a node', async ({ adf }) => {
    await failsToSave(adf, 'GET /nodes/{id}/content 404', 'docTest1.txt');
    await picture(adf, 'single-file');
  });
});

/** Sizes and names of the files in a ZIP, in order, as read by an independent program that also verifies the checksums. */
async function listing(download: Download): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'adf-zip-'));
  try {
    const file = join(directory, 'saved.zip');
    await download.saveAs(file);
    await run('unzip', ['-tq', file]);
    const { stdout } = await run('unzip', ['-Zsh', file]);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('-') && !line.endsWith('/'))
      .map((line) => line.split(/\s+/))
      .map((columns) => `${columns[3]} ${columns.slice(8).join(' ')}`);
  } finally {
    await rm(directory, { recursive: true });
  }
}
