import { join } from 'node:path';
import { NEEDED, OpenApiGenerator } from '../../harness/openapi-generator.js';
import { PythonEnvironment } from '../../harness/python-environment.js';
import { requirePrograms } from '../../harness/programs.js';
import {
  expectDone,
  it as withService,
  jobOf,
  jobVariables,
  run,
} from '../../harness/whole-job.js';

const HERE = import.meta.dirname;

/** Inputs of the generated clients. */
const DOCUMENTS = {
  'Alfresco’s own description': join(HERE, 'alfresco-core.yaml'),
  'openapi.json': 'openapi.json',
} as const;
const packageOf = (directory: string, document: keyof typeof DOCUMENTS) =>
  join(directory, `generated-of-${Object.keys(DOCUMENTS).indexOf(document)}`);

/** The programs, each with the generated package that it uses, if any. */
const CLIENTS: readonly [string, readonly string[], (keyof typeof DOCUMENTS)?][] = [
  ['alfresco-rest-client 1.0.4, Basic', ['with_alfresco_rest_client.py', 'basic']],
  ['alfresco-rest-client 1.0.4, ticket', ['with_alfresco_rest_client.py', 'ticket']],
  ['python-alfresco-api 1.2.2', ['with_python_alfresco_api.py']],
  [
    'generated from Alfresco’s own description',
    ['with_generated_client.py'],
    'Alfresco’s own description',
  ],
  ['generated from openapi.json', ['with_generated_client.py'], 'openapi.json'],
];

/** Tests with `python`, which runs a program from this folder. */
const it = withService.extend('python', { scope: 'file' }, async ({ directory }) => {
  const generate = async () => {
    const generator = await OpenApiGenerator.install(directory);
    for (const [name, document] of Object.entries(DOCUMENTS)) {
      const to = packageOf(directory, name as keyof typeof DOCUMENTS);
      await generator.generate('python', document, to);
    }
  };
  const [environment] = await Promise.all([
    PythonEnvironment.install(join(directory, 'venv'), join(HERE, 'requirements.txt')),
    generate(),
  ]);
  return (
    [program = '', ...args]: readonly string[],
    document: keyof typeof DOCUMENTS | undefined,
    variables: Record<string, string>,
  ) =>
    run(environment.program('python'), [join(HERE, program), ...args], {
      cwd: directory,
      env: {
        ...variables,
        PYTHONPATH: document ? packageOf(directory, document) : '',
        // Byte code must not be written into the repository.
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
});

describe('clients in Python, unmodified', { timeout: 180_000 }, () => {
  beforeEach(({ skip }) => requirePrograms({ skip }, 'python3', 'unzip', ...NEEDED));

  it.for(CLIENTS)(
    'do the whole job: %s',
    async ([name, program, document], { python, bff, user, directory, sandbox }) => {
      const zip = join(directory, `${name}.zip`);
      const printed = await python(program, document, jobVariables(bff, user, zip));
      await expectDone(jobOf(printed), zip, sandbox);
    },
  );

  it.for(CLIENTS)(
    'report a wrong password: %s',
    async ([, program, document], { python, bff, user, directory }) => {
      const variables = {
        ...jobVariables(bff, user, join(directory, 'none.zip')),
        PASSWORD: 'wrong',
      };
      const failure = await python(program, document, variables).then(
        () => expect.unreachable('it succeeds'),
        (error: unknown) => error as { stderr: string },
      );
      expect(failure.stderr).toMatch(
        /no credentials, or they are malformed or wrong|403 Client Error/,
      );
    },
  );
});
