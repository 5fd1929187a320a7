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

/** Where Alfresco's clients look for its API. */
export const API_PREFIX = 'alfresco/api/-default-/public/alfresco/versions/1';

/** What the whole job came to, as a client told it: the same with each of them. */
export interface WholeJob {
  readonly id: string;
  readonly status: string;
  /** Of the node. */
  readonly name: string;
  /** Where another download ended that was cancelled. */
  readonly cancelled: string;
  /** What the client says of the download once its node has been deleted. */
  readonly missing: string;
  /** What it says when it asks for a ZIP of what is not a node id. */
  readonly refused: string;
}

/** Tests with the service under Alfresco's prefix, ZIPs that can be cancelled, and `directory`, an empty one. */
export const it = configured({
  variables: { API_PREFIX },
  sandbox: { largeFileBytes: 60_000_000, bytesPerSecond: 20_000_000 },
}).extend('directory', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'clients-'));
  onCleanup(() => rm(directory, { recursive: true, force: true }));
  return directory;
});

/** What a program needs to know for the whole job. */
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

/** What a program found out, from the last line that it printed. */
export function jobOf({ stdout }: { stdout: string }): WholeJob {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as WholeJob;
}

/** Fails unless the job was done, with the ZIP as another program reads it. */
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
