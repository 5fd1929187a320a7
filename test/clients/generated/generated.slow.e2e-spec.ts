import { cp, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { NEEDED, OpenApiGenerator } from '../../harness/openapi-generator.js';
import { requirePrograms } from '../../harness/programs.js';
import {
  expectDone,
  it as withService,
  jobOf,
  jobVariables,
  run,
} from '../../harness/whole-job.js';

const HERE = import.meta.dirname;

/** Each generates its client in a folder, and compiles it with a program from this folder. */
const COMPILERS = {
  'typescript-fetch': async (generator: OpenApiGenerator, folder: string) => {
    await cp(join(HERE, 'typescript-fetch'), folder, { recursive: true });
    await generator.generate('typescript-fetch', 'openapi.json', join(folder, 'client'));
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', folder]);
  },
  go: async (generator: OpenApiGenerator, folder: string) => {
    const path = ['--git-host', 'example.org', '--git-user-id', 'alfresco'];
    const name = ['--git-repo-id', 'downloads', '--additional-properties=packageName=downloads'];
    await generator.generate('go', 'openapi.json', folder, [...path, ...name]);
    await cp(join(HERE, 'go'), join(folder, 'job'), { recursive: true });
    await run('go', ['build', '-o', 'whole-job', './job'], { cwd: folder });
  },
  java: async (generator: OpenApiGenerator, folder: string) => {
    await generator.generate('java', 'openapi.json', folder);
    const to = join(folder, 'src/main/java/org/openapitools/client');
    await cp(join(HERE, 'java'), to, { recursive: true });
    await run('mvn', ['--batch-mode', '--quiet', 'compile'], { cwd: folder });
  },
} as const;

type Language = keyof typeof COMPILERS;

/** Tests with `compiled`, which returns the folder of a client once all have been compiled, in parallel. */
const it = withService.extend('compiled', { scope: 'file' }, async ({ directory }) => {
  const generator = await OpenApiGenerator.install(directory);
  const folders = Object.entries(COMPILERS).map(async ([language, compile]) => {
    const folder = join(directory, language);
    await compile(generator, folder);
    return folder;
  });
  // A failure is reported by the test that needs the client.
  await Promise.allSettled(folders);
  return (language: Language) => folders[Object.keys(COMPILERS).indexOf(language)]!;
});

describe('clients generated from openapi.json', { timeout: 300_000 }, () => {
  beforeEach(({ skip }) => requirePrograms({ skip }, 'go', 'unzip', ...NEEDED));

  // Each program compiles only if the type of a new download is an entry.
  it.for(['typescript-fetch', 'go', 'java'] as const)(
    'compile unchanged, and get an entry for a new download: %s',
    async (language, { compiled }) => {
      await expect(compiled(language)).resolves.toEqual(expect.any(String));
    },
  );

  it.for([
    ['typescript-fetch', [process.execPath, 'out/main.js']],
    ['go', ['./whole-job']],
  ] as const)(
    'do the whole job: %s',
    async ([language, [program, ...args]], { compiled, bff, user, directory, sandbox }) => {
      const zip = join(directory, `${language}.zip`);
      const options = {
        cwd: await compiled(language),
        // Go's client writes the content to a temporary file.
        env: { ...jobVariables(bff, user, zip), TMPDIR: directory },
      };
      await expectDone(jobOf(await run(program, args, options)), zip, sandbox);
    },
  );
});
