import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from '../harness/api.js';
import { startBff } from '../harness/bff.js';
import { launchBrowser } from '../harness/browser.js';
import { needsTools } from '../harness/tools.js';

const run = promisify(execFile);

describe('a signed link in a page of another origin', () => {
  it(
    'is saved by a browser under its name, and resumed by curl',
    { timeout: 60_000 },
    async (context) => {
      needsTools(context, 'chromium', 'curl');
      const sandbox = await startSandbox();
      const bff = await startBff(sandbox.url);
      const api = DownloadsApi.ofBff(bff.url);
      const id = await api.make([SAMPLE_NODES.mediumFile, SAMPLE_NODES.unicodeFile]);
      const answer = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
      const { entry } = (await answer.json()) as { entry: { contentUrl: string } };
      const page = createServer((_request, response) => {
        response
          .setHeader('content-type', 'text/html')
          .end(`<a href="${entry.contentUrl}">save</a>`);
      }).listen(0, '127.0.0.1');
      const directory = await mkdtemp(join(tmpdir(), 'browser-'));
      const browser = await launchBrowser();
      try {
        const tab = await browser.newPage();
        await tab.goto(`http://127.0.0.1:${(page.address() as AddressInfo).port}/`);
        const [download] = await Promise.all([tab.waitForEvent('download'), tab.click('a')]);
        expect(download.suggestedFilename()).toBe('archive.zip');
        const file = join(directory, 'archive.zip');
        await download.saveAs(file);
        const whole = await api.content(id);
        expect((await readFile(file)).equals(whole)).toBe(true);

        await truncate(file, 1_234_567);
        await run('curl', ['-sf', '-C', '-', '-o', file, entry.contentUrl]);
        expect((await readFile(file)).equals(whole)).toBe(true);
      } finally {
        await browser.close();
        page.close();
        await bff.close();
        await sandbox.close();
        await rm(directory, { recursive: true });
      }
    },
  );
});
