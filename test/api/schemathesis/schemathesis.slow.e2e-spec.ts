import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { it as withService } from '../../harness/fixtures.js';
import { PythonEnvironment } from '../../harness/python-environment.js';
import { requirePrograms } from '../../harness/programs.js';
import { run } from '../../harness/whole-job.js';

const HERE = import.meta.dirname;

const openapi = JSON.parse(await readFile('openapi.json', 'utf8')) as {
  paths: Record<string, object>;
};

/** How long it tries; `SCHEMATHESIS_SECONDS=600` for long. */
const SECONDS = Number(process.env.SCHEMATHESIS_SECONDS ?? 45);

/** Tests with `schemathesis`, which tries the service at an address and gives its report. */
const it = withService.extend('schemathesis', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'schemathesis-'));
  onCleanup(() => rm(directory, { recursive: true, force: true }));
  // It looks for its configuration and hooks in the folder that it is run in, and leaves its cache there.
  await cp(HERE, directory, { recursive: true });
  const requirements = join(directory, 'requirements.txt');
  const environment = await PythonEnvironment.install(join(directory, 'venv'), requirements);
  const program = environment.program('schemathesis');
  return async (url: string, login: string) => {
    const target = [resolve('openapi.json'), '--url', url, '--auth', login];
    // The same requests in every run, as far as the time goes.
    const options = ['--max-time', String(SECONDS), '--seed', '20261128'];
    const args = ['run', ...target, ...options];
    return run(program, args, { cwd: directory, maxBuffer: 50_000_000 }).then(
      ({ stdout }) => ({ code: 0, report: stdout }),
      (failure: { code: number; stdout: string }) => ({
        code: failure.code,
        report: failure.stdout,
      }),
    );
  };
});

describe('Schemathesis', { timeout: (SECONDS + 120) * 1000 }, () => {
  beforeEach(({ skip }) => requirePrograms({ skip }, 'python3'));

  it('finds nothing with all its checks but what its configuration explains', async ({
    schemathesis,
    bff,
    user,
  }) => {
    const { code, report } = await schemathesis(bff.url, `${user.name}:${user.password}`);
    if (process.env.SCHEMATHESIS_SECONDS) console.log(report);
    // It says how to make each failure again.
    expect(code, report).toBe(0);
    const everything = Object.values(openapi.paths).flatMap((methods) => Object.keys(methods));
    expect(report).toContain(`Tested: ${everything.length}`);
  });
});
