import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { basic } from '../harness/bff.js';
import { withDemo } from '../harness/demo-fixtures.js';
import { requirePrograms } from '../harness/programs.js';

const run = promisify(execFile);

const it = withDemo();

describe('a signed link in a page of another origin', { timeout: 60_000 }, () => {
  it('is saved by a browser under its name, and resumed by curl', async ({
    demo,
    tab,
    skip,
    onTestFinished,
  }) => {
    requirePrograms({ skip }, 'curl');
    const authorization = basic({ name: 'demo', password: 'demo' });
    const api = new DownloadsApi(demo.url, { authorization });
    const id = await api.createFinished([SAMPLE_NODES.mediumFile, SAMPLE_NODES.unicodeFile]);
    const made = await api.request('POST', `/downloads/${id}/request-direct-access-url`);
    const { entry } = (await made.json()) as { entry: { contentUrl: string } };
    const elsewhere = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end(`<a href="${entry.contentUrl}">save</a>`);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void elsewhere.close());
    await once(elsewhere, 'listening');
    const directory = await mkdtemp(join(tmpdir(), 'signed-link-'));
    onTestFinished(() => rm(directory, { recursive: true }));

    const { page } = tab;
    await page.goto(`http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('a')]);
    expect(download.suggestedFilename()).toBe('archive.zip');
    const file = join(directory, 'archive.zip');
    await download.saveAs(file);
    const whole = await api.content(id);
    expect((await readFile(file)).equals(whole)).toBe(true);

    await truncate(file, 1_234_567);
    await run('curl', ['-sf', '-C', '-', '-o', file, entry.contentUrl]);
    expect((await readFile(file)).equals(whole)).toBe(true);
  });
});
