import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packInto } from '../harness/packed.js';

let directory: string;
let tarball: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'package-'));
  tarball = packInto(directory);
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs a program of `node_modules/.bin` on the tarball, and returns its output. */
function check(program: string, ...options: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, [...options, tarball], {
    encoding: 'utf8',
    env: {
      ...process.env,
      NO_COLOR: '1',
      PATH: `${join('node_modules', '.bin')}:${process.env.PATH}`,
    },
  });
  return { status, output: stdout + stderr };
}

describe('the packed package', () => {
  it('can be imported and has its types, according to publint', () => {
    const { status, output } = check('publint', '--strict');
    expect(output).toContain('All good!');
    expect(status).toBe(0);
  });

  it('has types that match its modules, according to Are The Types Wrong', () => {
    const { status, output } = check('attw', '--profile', 'esm-only');
    expect(output).toContain('node16 (from ESM): 🟢 (ESM)');
    expect(status).toBe(0);
  });
});
