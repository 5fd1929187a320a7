import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOAD_CORES, pinned } from './cores.ts';
import { AUTHORIZATION } from './service.ts';

/** Until V8, which shares the core, has compiled all that runs often: the service gains a third after the first ten. */
export const WARM_UP_SECONDS = 30;

const CONNECTIONS = 64;
const SCRIPT = join(import.meta.dirname, 'wrk.lua');

/** The result of a load. */
export interface Rate {
  readonly perSecond: number;
  /** Requests without a successful response. */
  readonly failed: number;
}

/** Requests these paths in turn on 64 connections. */
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
