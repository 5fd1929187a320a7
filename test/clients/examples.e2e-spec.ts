import { readdir } from 'node:fs/promises';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import {
  LARGE_FILE_BYTES,
  creations,
  isContent,
  isCreation,
  it,
  transfers,
  zipsMade,
} from '../harness/example-fixtures.js';
import { namesInExport } from '../harness/exports-service.js';
import { until } from '../harness/polling.js';
import { requirePrograms } from '../harness/programs.js';

describe('the example for the shell', { timeout: 60_000 }, () => {
  beforeEach(({ skip }) => requirePrograms({ skip }, 'curl', 'unzip'));

  it('saves a ZIP, and leaves nothing in Alfresco', async ({ programs, sandbox }) => {
    const before = sandbox.downloadIds();
    const { code, output } = await programs.shell([
      SAMPLE_NODES.nestedFolder,
      SAMPLE_NODES.textFile,
    ]);
    expect(output).toContain('No errors detected');
    expect(code).toBe(0);
    const unzip = await programs.run('unzip', ['-p', 'out.zip', 'docTest1.txt']);
    expect(unzip.output).toHaveLength(13);
    expect(await programs.namesIn('out.zip')).toContain('folder1/subFolder1/docTest4.txt');
    expect(sandbox.downloadIds()).toEqual(before);
  });

  it('makes one ZIP when the response to its request is lost', async ({
    programs,
    relay,
    sandbox,
  }) => {
    relay.loseOnce(isCreation);
    expect((await programs.shell([SAMPLE_NODES.nestedFolder])).code).toBe(0);
    expect(creations(relay)).toBe(2);
    expect(zipsMade(sandbox)).toBe(1);
  });

  it('resumes a transfer that broke off', async ({ programs, relay }) => {
    relay.loseOnce(isContent, 2_000_000);
    expect((await programs.shell([SAMPLE_NODES.largeFile])).code).toBe(0);
    const [large] = await programs.entriesOf('out.zip');
    expect(large!.bytes).toHaveLength(LARGE_FILE_BYTES);
    expect(transfers(relay)).toEqual(['whole', 'rest']);
  });

  it('says by code and exit code why there is no ZIP', async ({ programs }) => {
    const { code, output } = await programs.shell([SAMPLE_NODES.forbiddenFile]);
    expect(output).toContain('NODE_FORBIDDEN');
    expect(code).toBe(3);
  });
});

describe('the example in TypeScript', { timeout: 60_000 }, () => {
  it('saves a ZIP under its name, and leaves nothing in Alfresco', async ({
    programs,
    sandbox,
  }) => {
    const before = sandbox.downloadIds();
    const { code, output } = await programs.typescript([SAMPLE_NODES.nestedFolder]);
    expect(output).toMatch(/DONE 26 of 26 bytes\nsaved .*folder1\.zip\n$/);
    expect(code).toBe(0);
    expect(await programs.namesIn('folder1.zip')).toContain('folder1/subFolder1/docTest4.txt');
    const left = await readdir(programs.directory);
    expect(left).not.toContainEqual(expect.stringMatching(/\.part$/));
    expect(sandbox.downloadIds()).toEqual(before);
  });

  it('makes one ZIP when the response to its request is lost', async ({
    programs,
    relay,
    sandbox,
  }) => {
    relay.loseOnce(isCreation);
    expect((await programs.typescript([SAMPLE_NODES.textFile])).code).toBe(0);
    expect(creations(relay)).toBe(2);
    expect(zipsMade(sandbox)).toBe(1);
  });

  it('resumes a transfer that broke off', async ({ programs, relay }) => {
    relay.loseOnce(isContent, 2_000_000);
    expect((await programs.typescript([SAMPLE_NODES.largeFile])).code).toBe(0);
    const [large] = await programs.entriesOf('large.bin.zip');
    expect(large!.bytes).toHaveLength(LARGE_FILE_BYTES);
    expect(transfers(relay)).toEqual(['whole', 'rest']);
  });

  it('says in words why there is no ZIP', async ({ programs }) => {
    const { code, output } = await programs.typescript([SAMPLE_NODES.forbiddenFile]);
    expect(output).toContain('One of the documents is not there');
    expect(code).toBe(1);
  });
});

describe('the example of a microservice', { timeout: 60_000 }, () => {
  it('provides a link that needs no credentials, until Alfresco has removed the ZIP', async ({
    exports,
    api,
    sandbox,
  }) => {
    const before = sandbox.downloadIds();
    const location = await exports.order(SAMPLE_NODES.nestedFolder);
    const done = await exports.ended(location);
    expect(done).toMatchObject({ state: 'ready', percent: 100 });
    expect(await namesInExport(done)).toContain('folder1/subFolder1/docTest4.txt');
    expect(new URL(done.contentUrl!).searchParams.get('link')).toMatch(/\S/);

    const [id] = sandbox.downloadIds().filter((one) => !before.includes(one));
    expect((await api.request('DELETE', `/nodes/${id}`)).status).toBe(204);
    expect(await exports.get(location)).toMatchObject({ state: 'expired' });
  });

  it('makes one ZIP when the response to its request is lost', async ({
    exports,
    relay,
    sandbox,
  }) => {
    relay.loseOnce(isCreation);
    const done = await exports.ended(await exports.order(SAMPLE_NODES.nestedFolder));
    expect(done.state).toBe('ready');
    expect(creations(relay)).toBe(2);
    expect(zipsMade(sandbox)).toBe(1);
  });

  it('finishes after a crash what it was making, and says why an export has failed', async ({
    exports,
    sandbox,
  }) => {
    sandbox.bytesPerSecond = 0;
    const location = await exports.order(SAMPLE_NODES.largeFile);
    await until(
      () => zipsMade(sandbox),
      (count) => count === 1,
    );
    await exports.stop('SIGKILL');
    sandbox.bytesPerSecond = undefined;
    await exports.start();
    const done = await exports.ended(location);
    expect(await namesInExport(done)).toEqual(['large.bin']);
    expect(zipsMade(sandbox)).toBe(1);

    const failed = await exports.ended(await exports.order(SAMPLE_NODES.forbiddenFile));
    expect(failed).toMatchObject({ state: 'failed', failure: 'NODE_FORBIDDEN' });
  });
});
