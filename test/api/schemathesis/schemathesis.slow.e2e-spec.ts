import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { it as withService } from '../../harness/fixtures.js';
import { PythonEnvironment } from '../../harness/python-environment.js';
import { requirePrograms } from '../../harness/programs.js';
import { run } from '../../harness/whole-job.js';

const HERE = import.meta.dirname;

const openapi = JSON.parse(await readFile('openapi.json', 'utf8')) as {
  paths: Record<string, Record<string, { tags: readonly string[] }>>;
};

/** Duration; set `SCHEMATHESIS_SECONDS=600` for a long run. */
const SECONDS = Number(process.env.SCHEMATHESIS_SECONDS ?? 45);

/** Tests with `schemathesis`, which tests the service at an address and returns its report. */
const it = withService.extend('schemathesis', { scope: 'file' }, async ({}, { onCleanup }) => {
  const directory = await mkdtemp(join(tmpdir(), 'schemathesis-'));
  onCleanup(() => rm(directory, { recursive: true, force: true }));
  // It reads its configuration and hooks from its working directory, and leaves its cache there.
  await cp(HERE, directory, { recursive: true });
  const requirements = join(directory, 'requirements.txt');
  const environment = await PythonEnvironment.install(join(directory, 'venv'), requirements);
  const program = environment.program('schemathesis');
  return async (url: string, login: string) => {
    const target = [resolve('openapi.json'), '--url', url, '--auth', login];
    // A fixed seed: the same requests in every run, as many as fit into the time.
    const options = ['--exclude-tag', 'auth', '--max-time', String(SECONDS), '--seed', '20261128'];
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

  it('finds nothing with all its checks except what its configuration explains', async ({
    schemathesis,
    bff,
    user,
  }) => {
    const { code, report } = await schemathesis(bff.url, `${user.name}:${user.password}`);
    if (process.env.SCHEMATHESIS_SECONDS) console.log(report);
    // The report has the command that reproduces each failure.
    expect(code, report).toBe(0);
    // Log-ins need a browser and a provider.
    const everything = Object.values(openapi.paths)
      .flatMap((methods) => Object.values(methods))
      .filter(({ tags }) => !tags.includes('auth'));
    expect(report).toContain(`Tested: ${everything.length}`);
  });
});
