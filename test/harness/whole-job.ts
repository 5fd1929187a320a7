import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import type { Bff } from './bff.js';
import type { TestCaller } from './callers.js';
import { configured } from './fixtures.js';

export const run = promisify(execFile);

/** The path at which Alfresco's clients expect its API. */
export const API_PREFIX = 'alfresco/api/-default-/public/alfresco/versions/1';

/** Results of the whole job as reported by a client; they are the same for every client. */
export interface WholeJob {
  readonly id: string;
  readonly status: string;
  /** Name of the node. */
  readonly name: string;
  /** Final status of another download, which was cancelled. */
  readonly cancelled: string;
  /** The client's error for the download once its node has been deleted. */
  readonly missing: string;
  /** The client's error for a ZIP of an invalid node id. */
  readonly refused: string;
}

/** Tests with the service under Alfresco's prefix, ZIPs slow enough to be cancelled, and an empty `directory`. */
export const it = configured({
  variables: { API_PREFIX },
  sandbox: { largeFileBytes: 60_000_000, bytesPerSecond: 20_000_000 },
}).extend('directory', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'clients-'));
  onCleanup(() => rm(directory, { recursive: true, force: true }));
  return directory;
});

/** Environment of a program that does the whole job. */
export function jobVariables(bff: Bff, user: TestCaller, zip: string): Record<string, string> {
  return {
    SERVICE: new URL(bff.url).origin,
    USER_NAME: user.name,
    PASSWORD: user.password,
    FOLDER: SAMPLE_NODES.nestedFolder,
    LARGE: SAMPLE_NODES.largeFile,
    ZIP: zip,
  };
}

/** A program's results, from the last line of its output. */
export function jobOf({ stdout }: { stdout: string }): WholeJob {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as WholeJob;
}

/** Asserts the results, and reads the ZIP with an independent program. */
export async function expectDone(job: WholeJob, zip: string, sandbox: Sandbox): Promise<void> {
  expect(job).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    status: 'DONE',
    name: 'folder1.zip',
    cancelled: 'CANCELLED',
    missing: expect.stringContaining('No download has this id') as string,
    refused: expect.stringMatching(/nodeIds\/0 must be a node id/) as string,
  });
  const entry = await run('unzip', ['-p', zip, 'folder1/subFolder1/docTest4.txt']);
  expect(entry.stdout).toBe('docTest4 text');
  await run('unzip', ['-tq', zip]);
  expect(sandbox.downloadIds()).not.toContain(job.id);
}
