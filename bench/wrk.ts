import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOAD_CORES, pinned } from './cores.ts';
import { AUTHORIZATION } from './service.ts';

/** Until all that runs has been compiled, for which V8 has the same core: the service gains a third after the first ten. */
export const WARM_UP_SECONDS = 30;

const CONNECTIONS = 64;
const SCRIPT = join(import.meta.dirname, 'wrk.lua');

/** What came of a load. */
export interface Rate {
  readonly perSecond: number;
  /** Answers that were none, or no success. */
  readonly failed: number;
}

/** Asks for these paths in turn, on 64 connections at once. */
export async function load(url: string, paths: readonly string[], seconds: number): Promise<Rate> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-wrk-'));
  const file = join(directory, 'paths');
  writeFileSync(file, paths.join('\n'));
  const [program, ...args] = pinned(LOAD_CORES, [
    'wrk',
    '-t1',
    `-c${CONNECTIONS}`,
    `-d${seconds}s`,
    '-s',
    SCRIPT,
    url,
    '--',
    file,
    AUTHORIZATION,
  ]);
  const { stdout } = await promisify(execFile)(program, args);
  rmSync(directory, { recursive: true });
  const { requests, microseconds, failed } = JSON.parse(stdout.trim().split('\n').at(-1)!) as {
    requests: number;
    microseconds: number;
    failed: number;
  };
  return { perSecond: Math.round((requests * 1_000_000) / microseconds), failed };
}
