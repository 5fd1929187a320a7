import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES as ID } from './sample-nodes.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';
import { entriesOf, TestClient, until } from './testing/test-client.ts';

/** The jobs that one Alfresco runs at a time. */
const CONCURRENT_JOBS = 8;

describe('a download', () => {
  let sandbox: Sandbox;
  let client: TestClient;
  const start = async (options: SandboxOptions = {}): Promise<void> => {
    sandbox = await startSandbox({ estimateDelayMs: 0, largeFileBytes: 25_000_000, ...options });
    client = new TestClient(sandbox);
  };
  const cancel = (id: string) => client.call('DELETE', `/downloads/${id}`);
  const read = async (id: string) => (await client.call('GET', `/downloads/${id}`)).json.entry;
  /** While jobs are held, these occupy every thread, so that the next download stays PENDING. */
  const fillQueue = async (): Promise<string[]> => {
    const ids: string[] = [];
    for (let count = 0; count < CONCURRENT_JOBS; count += 1)
      ids.push(await client.create([ID.textFile]));
    await Promise.all(ids.map((id) => client.waitFor(id, 'IN_PROGRESS')));
    return ids;
  };

  afterEach(() => sandbox.close());

  describe('that succeeds', () => {
    beforeEach(() => start());

    it('ends DONE with all counters at their totals', async () => {
      const id = await client.create([ID.textFile, ID.secondTextFile]);
      expect(await client.waitFor(id, 'DONE')).toEqual({
        id,
        status: 'DONE',
        bytesAdded: 26,
        totalBytes: 26,
        filesAdded: 2,
        totalFiles: 2,
      });
    });

    it('puts a folder and a file of it in requested order, children in theirs', async () => {
      const entries = await entriesOf(await client.archive([ID.nestedFolder, ID.thirdTextFile]));
      expect(entries.map((entry) => entry.fileName)).toEqual([
        'folder1/',
        'folder1/docTest3.txt',
        'folder1/subFolder1/',
        'folder1/subFolder1/docTest4.txt',
        'docTest3.txt',
      ]);
    });

    it('follows secondary children', async () => {
      const entries = await entriesOf(
        await client.archive([ID.textFile, ID.secondaryParentFolder]),
      );
      expect(entries.map((entry) => entry.fileName)).toEqual([
        'docTest1.txt',
        'folder3/',
        'folder3/docTest1.txt',
      ]);
    });

    it('leaves out what the creator may not read', async () => {
      const id = await client.create([ID.forbiddenInsideFolder]);
      expect(await client.waitFor(id, 'DONE')).toMatchObject({ filesAdded: 1, totalFiles: 1 });
      const bobs = await client.create([ID.forbiddenInsideFolder], 'bob');
      expect(await client.waitFor(bobs, 'DONE')).toMatchObject({ filesAdded: 2, totalFiles: 2 });
    });

    it('keeps names in any script and creation times', async () => {
      const entries = await entriesOf(
        await client.archive([ID.unicodeFile, ID.quotedFile, ID.textFile, ID.reportPdf]),
      );
      expect(entries.map((entry) => entry.fileName)).toEqual([
        'naïve 日本 отчёт.txt',
        `Report "final" 100%; v1'.txt`,
        'docTest1.txt',
        'Report.pdf',
      ]);
      for (const entry of entries) {
        expect(entry.getLastModDate().toISOString()).toBe('2026-01-15T09:30:00.000Z');
      }
    });

    it.skipIf(spawnSync('unzip', ['-v']).error !== undefined)(
      'is a ZIP that unzip finds no fault with',
      async () => {
        const directory = mkdtempSync(join(tmpdir(), 'unzip-test-'));
        try {
          const path = join(directory, 'archive.zip');
          writeFileSync(
            path,
            await client.archive([ID.projectsFolder, ID.contractDocx, ID.mediumFile, ID.emptyFile]),
          );
          expect(execFileSync('unzip', ['-tq', path]).toString()).toContain('No errors detected');
        } finally {
          rmSync(directory, { recursive: true });
        }
      },
    );

    it.each([
      ['empty folder', [ID.emptyFolder], 0],
      ['empty file', [ID.emptyFile], 1],
    ])('of an %s ends DONE', async (_, ids, files) => {
      const id = await client.create(ids);
      expect(await client.waitFor(id, 'DONE')).toMatchObject({
        totalBytes: 0,
        filesAdded: files,
        totalFiles: files,
      });
    });

    it('ends DONE short of its totals when a content is missing', async () => {
      const id = await client.create([ID.missingContentFile, ID.textFile]);
      expect(await client.waitFor(id, 'DONE')).toMatchObject({
        bytesAdded: 13,
        totalBytes: 55,
        filesAdded: 1,
        totalFiles: 2,
      });
    });

    it.each([
      [[ID.textFile], 'docTest1.txt.zip'],
      [[ID.nestedFolder], 'folder1.zip'],
      [[ID.textFile, ID.secondTextFile], 'archive.zip'],
    ])('is named after its only node, else archive.zip', async (ids, name) => {
      const id = await client.create(ids);
      expect((await client.call('GET', `/nodes/${id}`)).json.entry.name).toBe(name);
    });

    it('stays DONE when cancelled afterwards, but shows the flag and a new modification time', async () => {
      const id = await client.create([ID.textFile]);
      await client.waitFor(id, 'DONE');
      const before = (await client.call('GET', `/nodes/${id}`)).json.entry;
      await until(() => Date.now() > Date.parse(before.modifiedAt));
      expect((await cancel(id)).status).toBe(202);
      expect((await cancel(id)).status).toBe(202);
      const after = (await client.call('GET', `/nodes/${id}`)).json.entry;
      expect(after.properties).toMatchObject({
        'download:status': 'DONE',
        'download:cancelled': true,
      });
      expect(after.modifiedAt > before.modifiedAt).toBe(true);
    });
  });

  describe('while its job is held', () => {
    beforeEach(() => start({ bytesPerSecond: 0 }));

    it('is IN_PROGRESS after the first chunk of the first file, with its totals and no content', async () => {
      const id = await client.create([ID.largeFile]);
      expect(await client.waitFor(id, 'IN_PROGRESS')).toMatchObject({
        bytesAdded: 20_480,
        totalBytes: 25_000_000,
        filesAdded: 0,
        totalFiles: 1,
      });
      const content = await client.call('GET', `/nodes/${id}/content`);
      expect(content.status).toBe(404);
      expect(content.json.error.briefSummary).toContain(
        `Unable to locate content for node ref workspace://SpacesStore/${id}`,
      );
      expect(content.headers.get('cache-control')).toBe('no-cache');
    });

    it('notices a cancel at the next progress point of a file', async () => {
      const id = await client.create([ID.largeFile]);
      await client.waitFor(id, 'IN_PROGRESS');
      const response = await cancel(id);
      expect([response.status, response.headers.get('content-length'), response.text]).toEqual([
        202,
        '0',
        '',
      ]);
      expect((await read(id)).status).toBe('IN_PROGRESS');
      sandbox.bytesPerSecond = undefined;
      expect(await client.waitFor(id, 'CANCELLED')).toMatchObject({
        bytesAdded: 501 * 20_480,
        totalBytes: 25_000_000,
        filesAdded: 0,
      });
      expect((await client.call('GET', `/nodes/${id}/content`)).status).toBe(404);
    });

    it('notices a cancel at the first chunk of the next file', async () => {
      const id = await client.create([ID.textFile, ID.secondTextFile, ID.thirdTextFile]);
      await client.waitFor(id, 'IN_PROGRESS');
      await cancel(id);
      sandbox.bytesPerSecond = undefined;
      expect(await client.waitFor(id, 'CANCELLED')).toMatchObject({
        bytesAdded: 26,
        totalBytes: 39,
        filesAdded: 1,
        totalFiles: 3,
      });
    });

    it('ends DONE in spite of a cancel when no progress point is left', async () => {
      const id = await client.create([ID.textFile]);
      await client.waitFor(id, 'IN_PROGRESS');
      await cancel(id);
      sandbox.bytesPerSecond = undefined;
      expect((await client.waitFor(id, 'DONE')).filesAdded).toBe(1);
    });

    it('cancelled while PENDING still writes its first chunk before it ends CANCELLED', async () => {
      await fillQueue();
      const id = await client.create([ID.textFile]);
      await cancel(id);
      expect((await read(id)).status).toBe('PENDING');
      sandbox.bytesPerSecond = undefined;
      expect(await client.waitFor(id, 'CANCELLED')).toMatchObject({
        bytesAdded: 13,
        totalBytes: 13,
        filesAdded: 0,
      });
    });

    it('of folders only ends DONE though cancelled while PENDING', async () => {
      await fillQueue();
      const id = await client.create([ID.emptyFolder, ID.emptyFile]);
      await cancel(id);
      sandbox.bytesPerSecond = undefined;
      await client.waitFor(id, 'DONE');
    });

    it('is skipped if deleted while queued, and fails if deleted while running', async () => {
      const [running = ''] = await fillQueue();
      const queued = await client.create([ID.textFile]);
      for (const id of [queued, running]) {
        expect((await client.call('DELETE', `/nodes/${id}`)).status).toBe(204);
        expect((await client.call('GET', `/downloads/${id}`)).status).toBe(404);
      }
      sandbox.bytesPerSecond = undefined;
      const next = await client.create([ID.textFile]);
      await client.waitFor(next, 'DONE');
      expect(sandbox.downloadIds()).not.toContain(running);
    });

    it('hangs when its owner is changed and the creator may no longer write', async () => {
      const id = await client.create([ID.textFile, ID.secondTextFile]);
      await client.waitFor(id, 'IN_PROGRESS');
      await client.call('PUT', `/nodes/${id}`, { body: '{"properties":{"cm:owner":"bob"}}' });
      sandbox.bytesPerSecond = undefined;
      const control = await client.create([ID.textFile]);
      await client.waitFor(control, 'DONE');
      expect(
        (await client.call('GET', `/downloads/${id}`, { user: 'bob' })).json.entry.status,
      ).toBe('IN_PROGRESS');
    });
  });

  it('ends MAX_CONTENT_SIZE_EXCEEDED with the limit as bytesAdded', async () => {
    await start({ maxContentSize: 25 });
    const id = await client.create([ID.textFile, ID.secondTextFile]);
    expect(await client.waitFor(id, 'MAX_CONTENT_SIZE_EXCEEDED')).toMatchObject({
      bytesAdded: 25,
      totalBytes: 26,
      filesAdded: 0,
      totalFiles: 2,
    });
    await cancel(id);
    expect((await read(id)).status).toBe('MAX_CONTENT_SIZE_EXCEEDED');
  });

  it.each([26, 0, -1])(
    'is completed when its size does not exceed the limit of %i',
    async (maxContentSize) => {
      await start({ maxContentSize });
      await client.waitFor(await client.create([ID.textFile, ID.secondTextFile]), 'DONE');
    },
  );

  it('keeps its status forever when its job crashes', async () => {
    await start();
    const midway = await client.create([ID.crashingFile]);
    const atOnce = await client.create([ID.unreadableContentFile]);
    await client.waitFor(await client.create([ID.mediumFile]), 'DONE');
    expect((await read(midway)).status).toBe('IN_PROGRESS');
    expect(await read(atOnce)).toMatchObject({ status: 'PENDING', totalFiles: 0 });
  });

  it('is deleted some time after its last change, running or not', async () => {
    await start({
      bytesPerSecond: 0,
      cleaner: { startDelayMs: 10, repeatIntervalMs: 10, maxAgeMs: 0 },
    });
    await client.create([ID.textFile]);
    await until(() => sandbox.downloadIds().length === 0);
  });

  it('is not deleted before that time', async () => {
    await start({ cleaner: { startDelayMs: 1, repeatIntervalMs: 1 } });
    const id = await client.create([ID.textFile]);
    await client.waitFor(id, 'DONE');
    expect(sandbox.downloadIds()).toEqual([id]);
  });
});
