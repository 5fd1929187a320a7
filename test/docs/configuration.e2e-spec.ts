import { readFile } from 'node:fs/promises';
import { Environment, FILE_VARIABLES } from '#service/config/environment.js';
import { VARIABLES } from '#service/config/variable-descriptions.js';
import { PROBLEMS } from '#service/problems/problem-catalogue.js';
import { configurationFiles } from '../../scripts/configuration.ts';
import { MarkdownDocument, allDocuments, codesIn } from '../harness/markdown.js';

/** Variables that the service reads, with its defaults. */
const defaults = new Map(
  Object.entries(new Environment() as unknown as Record<string, string | number | undefined>).map(
    ([name, value]) => [name, value?.toString()],
  ),
);
const ofFiles = FILE_VARIABLES.map((name) => `${name}_FILE`);
const variables = [...defaults.keys(), ...ofFiles].toSorted();

/** Variables that Node.js, OpenTelemetry and the C library read. */
const OF_OTHERS = [
  'MALLOC_ARENA_MAX',
  'NODE_EXTRA_CA_CERTS',
  'NODE_OPTIONS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'OTEL_EXPORTER_OTLP_HEADERS',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_SERVICE_NAME',
];

/** Words that look like variables but are not. */
const OTHER_WORDS = [
  ...Object.keys(PROBLEMS),
  'IN_PROGRESS',
  'MAX_CONTENT_SIZE_EXCEEDED',
  // Of the log.
  'ALFRESCO_CUT',
  'ALFRESCO_RESUMED',
  // Of the examples.
  'API_KEYS',
  'DOWNLOADS_PASSWORD',
  'DOWNLOADS_URL',
  'DOWNLOADS_USER',
  'EXPORTS_DIRECTORY',
  // Of the Dockerfile.
  'NODE_IMAGE',
  // Of the sandbox.
  'SAMPLE_NODES',
  // Of the tests.
  'CHROME_PATH',
  'SCHEMATHESIS_SECONDS',
];

/** The code or the first word after "Default:", or of a cell. */
const firstWord = (text: string) =>
  /^`([^`]+)`/.exec(text)?.[1] ?? text.split(' ')[0]!.replace(/[.,]$/, '');

/** Variables of `.env.example`, each with the default from the comment above it. */
async function readExample(): Promise<Map<string, string | undefined>> {
  const found = new Map<string, string | undefined>();
  for (const block of (await readFile('.env.example', 'utf8')).split(/\n\s*\n/)) {
    const comment = [...block.matchAll(/^# (.*)$/gm)].map(([, line]) => line).join(' ');
    const documented = /Default: (.+)/.exec(comment)?.[1];
    for (const [, name] of block.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)) {
      found.set(name!, documented && firstWord(documented));
    }
  }
  return found;
}

// The changelog mentions former variables.
const documents = (await allDocuments()).filter(({ path }) => path !== 'CHANGELOG.md');
const page = await MarkdownDocument.read('docs/configuration.md');
/** Name and default of each row. */
const described = page.rows('variable', 'default').map(([name = '', value = '']) => ({
  name: codesIn(name)[0]!,
  documented: firstWord(value),
}));

describe('what is written about the variables', () => {
  it.each(['docs/configuration.md', '.env.example'])(
    'is what npm run configuration writes: %s',
    async (path) => {
      const files = await configurationFiles({ Environment, FILE_VARIABLES, VARIABLES });
      expect(await readFile(path, 'utf8')).toBe(files[path]);
    },
  );
});

describe('docs/configuration.md', () => {
  it('describes every variable once, and no others', () => {
    expect(described.map(({ name }) => name).toSorted()).toEqual([...defaults.keys()].toSorted());
  });

  it('gives the defaults of the service', () => {
    for (const { name, documented } of described) {
      const real = defaults.get(name);
      if (real === undefined)
        expect([name, documented]).toEqual([
          name,
          expect.stringMatching(/^(?:none|required|random)$/),
        ]);
      else expect([name, documented]).toEqual([name, real]);
    }
  });

  it('names the variables that can come from a file', () => {
    const rows = page.rows('variable', 'instead of').map((cells) => cells.flatMap(codesIn));
    expect(rows).toEqual(FILE_VARIABLES.map((name) => [`${name}_FILE`, name]));
  });

  it('describes the variables of other programs that the documents name', () => {
    const names = page.rows('variable', 'effect here').flatMap(([name = '']) => codesIn(name));
    expect(names.toSorted()).toEqual(OF_OTHERS);
  });
});

describe('.env.example', () => {
  it('has every variable, and no others', async () => {
    const example = await readExample();
    expect([...defaults.keys()].filter((name) => !example.has(name))).toEqual([]);
    expect([...example.keys()].filter((name) => !variables.includes(name))).toEqual([]);
  });

  it('gives the same defaults as docs/configuration.md', async () => {
    const example = await readExample();
    for (const { name, documented } of described) {
      const other = example.get(name);
      if (other !== undefined) expect([name, documented]).toEqual([name, other]);
      else expect([name, defaults.get(name)]).toEqual([name, undefined]);
    }
  });
});

/** Words of a document that look like environment variables. */
function variablesIn({ codes, fences }: MarkdownDocument): string[] {
  const assigned = fences.flatMap(({ language, text }) => {
    const assignment = /^ya?ml$/.test(language)
      ? /^\s*(?:- )?([A-Z][A-Z0-9_]{2,}):/gm
      : /(?:^|[\s'"])([A-Z][A-Z0-9_]{2,})=/gm;
    // Shell variables are used in the block that sets them.
    return [...text.matchAll(assignment)]
      .map(([, name]) => name!)
      .filter((name) => !new RegExp(`\\$\\{?${name}\\b`).test(text));
  });
  const named = codes.flatMap((code) => {
    const [, name, value] = /^([A-Z][A-Z0-9_]{2,})(=.*)?$/s.exec(code) ?? [];
    return name && (value !== undefined || name.includes('_')) ? [name] : [];
  });
  return [...assigned, ...named];
}

describe('a variable that a document names', () => {
  it.each(documents.map((document) => [document.path, document] as const))(
    'exists: %s',
    (_path, document) => {
      const known = [...variables, ...OF_OTHERS, ...OTHER_WORDS];
      expect(variablesIn(document).filter((name) => !known.includes(name))).toEqual([]);
    },
  );

  it('is found in text, shell and YAML', () => {
    const text =
      '`FOO_BAR` `BAZ=1` `POST`\n\n```sh\nQUX=1 run\nid=1\nTOK=2; $TOK\n```\n\n```yaml\n  FOO: 1\n```\n';
    expect(variablesIn(new MarkdownDocument('x.md', text))).toEqual([
      'QUX',
      'FOO',
      'FOO_BAR',
      'BAZ',
    ]);
  });
});
