import { SAMPLE_NODES, SAMPLE_USERS } from '../../sandbox/sample-nodes.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type DownloadBody, DownloadsApi } from '../harness/api.js';
import { createCaller } from '../harness/callers.js';
import { configured } from '../harness/fixtures.js';
import { until } from '../harness/polling.js';
import { readZip } from '../harness/zip.js';

/*
 * What Alfresco's own tests (TestDownloads, DownloadsTests, HttpRangeProcessorTest and others, named with
 * each row) assert of these routes holds for the stand-in and for the service in front of it. Where the
 * service is meant to differ, the row says so.
 */

const LARGE_FILE_BYTES = 300_000;
const TOTAL_BYTES = LARGE_FILE_BYTES + 13;
const { textFile, secondTextFile, thirdTextFile, nestedFolder, secondaryParentFolder, largeFile } =
  SAMPLE_NODES;
const BOB = SAMPLE_USERS.find(({ id }) => id === 'bob')!;

/** Tests without delays: jobs start at once, and are polled at once. */
const it = configured({
  sandbox: { estimateDelayMs: 1, largeFileBytes: LARGE_FILE_BYTES },
  variables: { STATUS_FRESHNESS_MS: '1' },
});

/** Tests in which Alfresco's clean-up runs soon, and a final state is cached no longer than that. */
const cleaned = configured({
  sandbox: { cleaner: { startDelayMs: 100, repeatIntervalMs: 100, maxAgeMs: 300 } },
  pacing: { polling: { finalFreshnessMs: 50 } },
});

interface Target {
  readonly isService: boolean;
  readonly api: DownloadsApi;
  /** Another user. */
  readonly other: DownloadsApi;
  readonly sandbox: Sandbox;
}

interface Row {
  readonly test: string;
  readonly name: string;
  readonly check: (target: Target) => Promise<void>;
}

/** POST these nodes: 202 and PENDING with zeros, later DONE with these counters. */
const makes = (
  test: string,
  name: string,
  nodeIds: readonly string[],
  files: number,
  bytes: number,
): Row => ({
  test,
  name,
  check: async ({ api }) => {
    const response = await api.create(nodeIds);
    expect(response.status).toBe(202);
    const { entry } = (await response.json()) as { entry: DownloadBody };
    expect(entry).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'PENDING',
      filesAdded: 0,
      bytesAdded: 0,
      totalFiles: 0,
      totalBytes: 0,
    });
    expect(await api.waitUntilFinished(entry.id)).toEqual({
      id: entry.id,
      status: 'DONE',
      filesAdded: files,
      totalFiles: files,
      bytesAdded: bytes,
      totalBytes: bytes,
    });
  },
});

const refuses = (test: string, name: string, nodeIds: readonly string[], status: number): Row => ({
  test,
  name,
  check: async ({ api }) => expect((await api.create(nodeIds)).status).toBe(status),
});

/** The ZIP of these nodes has these entries, in this order, and this name. */
const zips = (
  name: string,
  nodeIds: readonly string[],
  entries: readonly string[],
  archive: string,
): Row => ({
  test: 'TestDownloads 004',
  name,
  check: async ({ api, isService }) => {
    const id = await api.createFinished(nodeIds);
    const response = await api.request('GET', `/nodes/${id}/content`);
    const zip = Buffer.from(await response.arrayBuffer());
    expect((await readZip(zip)).map((entry) => entry.name)).toEqual(entries);
    const both = `attachment; filename="${archive}"; filename*=UTF-8''${archive}`;
    const plain = `attachment; filename="${archive}"`;
    expect(response.headers.get('content-disposition')).toBe(isService ? plain : both);
    const octets = 'application/octet-stream;charset=UTF-8';
    expect(response.headers.get('content-type')).toBe(isService ? 'application/zip' : octets);
    expect(zip.length).toBeGreaterThan(0);
  },
});

const range = (value: string, status: number): Row => ({
  test: 'HttpRangeProcessorTest',
  name: `range ${value} of a ZIP of 300 kB: ${status}`,
  check: async ({ api }) => {
    const id = await api.createFinished([largeFile]);
    const abort = new AbortController();
    const response = await api.request('GET', `/nodes/${id}/content`, {
      headers: { range: `bytes=${value}` },
      signal: abort.signal,
    });
    expect(response.status).toBe(status);
    // Alfresco's 416 announces a body that never comes.
    abort.abort();
  },
});

const isRunning = ({ status, bytesAdded }: DownloadBody) =>
  status === 'IN_PROGRESS' && bytesAdded > 0;

const ROWS: readonly Row[] = [
  makes('TestDownloads 001', 'one file of 13 bytes', [textFile], 1, 13),
  makes('TestDownloads 001', 'two files', [textFile, secondTextFile], 2, 26),
  refuses('TestDownloads 001', 'no ids: 400', [], 400),
  refuses('TestDownloads 001', 'the same id twice: 400', [textFile, textFile], 400),
  makes(
    'TestDownloads 001',
    'a folder with two files, and one of them again',
    [nestedFolder, thirdTextFile],
    3,
    39,
  ),
  makes(
    'TestDownloads 001',
    'a file and a folder that holds it as a secondary child',
    [textFile, secondaryParentFolder],
    2,
    26,
  ),
  refuses(
    'TestDownloads 001',
    "an own file and someone's private one: 403",
    [textFile, SAMPLE_NODES.forbiddenFile],
    403,
  ),
  {
    test: 'TestDownloads 002',
    name: 'a running download counts up',
    check: async ({ api, sandbox }) => {
      sandbox.bytesPerSecond = 0;
      const id = await api.start([textFile, largeFile]);
      const running = await api.waitFor(id, isRunning);
      expect(running.totalFiles).toBe(2);
      expect(running.totalBytes).toBe(TOTAL_BYTES);
      expect(running.bytesAdded).toBeLessThan(running.totalBytes);
      expect(running.filesAdded).toBeLessThan(2);
      sandbox.bytesPerSecond = undefined;
      const done = await api.waitUntilFinished(id);
      expect(done.bytesAdded).toBe(TOTAL_BYTES);
      expect(done.filesAdded).toBe(2);
    },
  },
  {
    test: 'TestDownloads 002, 003',
    name: 'a running download is cancelled: 202, then CANCELLED with what it had',
    check: async ({ api, sandbox }) => {
      sandbox.bytesPerSecond = 0;
      const id = await api.start([textFile, largeFile]);
      await api.waitFor(id, isRunning);
      expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
      // The job notices at its next progress report, that of the second file.
      sandbox.bytesPerSecond = undefined;
      const cancelled = await api.waitUntilFinished(id);
      expect(cancelled).toMatchObject({
        status: 'CANCELLED',
        totalFiles: 2,
        totalBytes: TOTAL_BYTES,
      });
      expect(cancelled.bytesAdded).toBeGreaterThan(0);
      expect(cancelled.bytesAdded).toBeLessThanOrEqual(cancelled.totalBytes);
      expect(cancelled.filesAdded).toBeLessThan(2);
    },
  },
  {
    test: 'TestDownloads 003',
    name: 'a finished download is cancelled: 202, and it stays DONE',
    check: async ({ api }) => {
      const id = await api.createFinished([textFile]);
      expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
      expect((await api.status(id)).status).toBe('DONE');
    },
  },
  {
    test: 'TestDownloads 003',
    name: 'a plain file is cancelled: 400, from the service 404',
    check: async ({ api, isService }) =>
      // The service does not call Alfresco for unknown ids.
      expect((await api.request('DELETE', `/downloads/${textFile}`)).status).toBe(
        isService ? 404 : 400,
      ),
  },
  {
    test: 'TestDownloads 003, 005',
    name: "someone else's download: 403 for looking, cancelling, saving, removing; it stays DONE",
    check: async ({ api, other }) => {
      const id = await other.createFinished([textFile]);
      for (const [method, path] of [
        ['GET', `/downloads/${id}`],
        ['DELETE', `/downloads/${id}`],
        ['GET', `/nodes/${id}/content`],
        ['DELETE', `/nodes/${id}?permanent=true`],
      ] as const) {
        expect((await api.request(method, path)).status).toBe(403);
      }
      expect((await other.status(id)).status).toBe('DONE');
    },
  },
  zips('one file', [textFile], ['docTest1.txt'], 'docTest1.txt.zip'),
  zips(
    'a folder and a file from it',
    [nestedFolder, thirdTextFile],
    [
      'folder1/',
      'folder1/docTest3.txt',
      'folder1/subFolder1/',
      'folder1/subFolder1/docTest4.txt',
      'docTest3.txt',
    ],
    'archive.zip',
  ),
  zips(
    'a file and a folder that holds it as a secondary child',
    [textFile, secondaryParentFolder],
    ['docTest1.txt', 'folder3/', 'folder3/docTest1.txt'],
    'archive.zip',
  ),
  {
    test: 'TestDownloads 005',
    name: 'the owner removes a download: 204, then 404',
    check: async ({ api }) => {
      const id = await api.createFinished([textFile]);
      expect((await api.request('DELETE', `/nodes/${id}?permanent=true`)).status).toBe(204);
      expect((await api.request('GET', `/downloads/${id}`)).status).toBe(404);
      expect((await api.request('GET', `/nodes/${id}/content`)).status).toBe(404);
    },
  },
  {
    test: 'DownloadsTests',
    name: 'a download cancelled at once ends CANCELLED',
    check: async ({ api, sandbox }) => {
      sandbox.bytesPerSecond = 0;
      const id = await api.start([largeFile, textFile]);
      expect((await api.request('DELETE', `/downloads/${id}`)).status).toBe(202);
      sandbox.bytesPerSecond = undefined;
      expect((await api.waitUntilFinished(id)).status).toBe('CANCELLED');
    },
  },
  makes(
    'DownloadsImplCheckArchiveStatusUnitTest',
    'nested folders, nothing archived',
    [nestedFolder],
    2,
    26,
  ),
  refuses(
    'DownloadsImplCheckArchiveStatusUnitTest',
    'an archived file: 412',
    [SAMPLE_NODES.archivedFile],
    412,
  ),
  refuses(
    'DownloadsImplCheckArchiveStatusUnitTest',
    'a folder with an archived file: 412',
    [SAMPLE_NODES.archivedInsideFolder],
    412,
  ),
  makes('DownloadServiceIntegrationTest', 'an empty folder', [SAMPLE_NODES.emptyFolder], 0, 0),
  range('700-800', 206),
  range('19000-', 206),
  range('800-700', 416),
  range('99000000-', 416),
  {
    test: 'NodesContentAndVersioningTests',
    name: 'Content-Range as a request header: Alfresco takes it for Range, the service does not',
    check: async ({ api, isService }) => {
      const id = await api.createFinished([textFile]);
      const response = await api.request('GET', `/nodes/${id}/content`, {
        headers: { 'content-range': 'bytes=1-10' },
      });
      await response.arrayBuffer();
      expect(response.status).toBe(isService ? 200 : 206);
      if (!isService) expect(response.headers.get('content-length')).toBe('10');
    },
  },
];

describe('the stand-in does what Alfresco’s tests assert', () => {
  it.for(ROWS)('$test: $name', ({ check }, { sandbox }) =>
    check({
      isService: false,
      api: DownloadsApi.ofAlfresco(sandbox.url),
      other: DownloadsApi.ofAlfresco(sandbox.url, BOB),
      sandbox,
    }),
  );
});

describe('the service does what Alfresco’s tests assert', () => {
  it.for(ROWS)('$test: $name', ({ check }, { api, bff, sandbox }) =>
    check({
      isService: true,
      api,
      other: new DownloadsApi(bff.url, createCaller().headers),
      sandbox,
    }),
  );
});

describe('Alfresco’s clean-up by age (DownloadServiceIntegrationTest, deleteBeforeDate)', () => {
  cleaned('makes a download that no client removed unknown', async ({ api }) => {
    const id = await api.start([textFile]);
    const gone = await until(
      () => api.request('GET', `/downloads/${id}`),
      ({ status }) => status !== 200,
    );
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({ code: 'DOWNLOAD_NOT_FOUND' });
  });
});
