import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

const SOURCE =
  /\.(?:ts|js|css|html|json|md|yml|yaml|toml|conf|template|sh|py|go|java|service|txt)$/;
const WRITTEN_ELSEWHERE = [
  /(?:^|\/)(?:node_modules|dist|data|screenshots|exports-data)\//,
  /package-lock\.json$/,
  // Alfresco's own description of its API, and its recorded responses.
  /alfresco-core\.yaml$/,
  /^sandbox\/recordings\/[\w-]+\.json$/,
  // The words themselves.
  /^test\/docs\/words\.e2e-spec\.ts$/,
];

const FOLDERS = 'src,sandbox,demo,test,bench,examples,deploy,scripts,docs';

const files = globSync([
  `{${FOLDERS}}/**/*`,
  '*.md',
  'openapi.json',
  '.env.example',
  'compose.yaml',
  'Dockerfile',
])
  .filter((path) => SOURCE.test(path) || /^(?:\.env\.example|Dockerfile)$/.test(path))
  .filter((path) => !WRITTEN_ELSEWHERE.some((pattern) => pattern.test(path)))
  .toSorted();

/** Words to avoid, each with those to use instead. */
const WORDS: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\b(?:s?he|him|his|hers?|(?:him|her)self)\b/i, 'they, the caller, the client'],
  [/\bwhoever\b|\bfor who\b/i, 'anyone who, clients that'],
  [/\bof which nobody\b/i, 'that no client'],
  [/\btells? of\b/i, 'reports, shows'],
  [/answer/i, 'response, respond'],
  [/\bheal(?:s|ed|ing)?\b/i, 'resume'],
  [/\brepetitions?\b/i, 'retry, duplicate'],
  [/\bcaller (?:is |has )?gone\b/i, 'client disconnected'],
];

/** Published texts and codes that programs may compare, and quotations from Alfresco's recordings. */
const ALLOWED =
  /Alfresco answered something unexpected|Alfresco did not answer in time|ANSWER_TOO_LONG|of the answer without conditions/g;

/** Places of words to avoid in a text. */
function findings(path: string, text: string): string[] {
  return text
    .replaceAll(ALLOWED, '')
    .split('\n')
    .flatMap((line, index) =>
      WORDS.flatMap(([word, instead]) =>
        word.test(line)
          ? [`${path}:${index + 1}: ${word.exec(line)![0]} (${instead}): ${line.trim()}`]
          : [],
      ),
    )
    .map((finding) => finding.slice(0, 200));
}

describe('the words of this repository', () => {
  it('are plain and gender-neutral', async () => {
    expect(files.length).toBeGreaterThan(300);
    const found = await Promise.all(
      files.map(async (path) => findings(path, await readFile(path, 'utf8'))),
    );
    expect(found.flat()).toEqual([]);
  });

  it.each([
    ['The client waits for his response.', 1],
    ['the UpstreamAnswer', 1],
    ['Whoever asks, she waits.', 2],
    ['This method is not theirs; the cache there has it.', 0],
  ])('are found: %s', (text, count) => {
    expect(findings('x.md', text)).toHaveLength(count);
  });
});

/** Suffixes that name the role of a module. */
const ROLES = [
  'client',
  'component',
  'config',
  'controller',
  'decorator',
  'decorators',
  'dto',
  'exception',
  'factory',
  'filter',
  'fixture',
  'guard',
  'interceptor',
  'module',
  'pipe',
  'service',
  'strategy',
  'suite',
  'validator',
].join('|');
const FILE_NAME = new RegExp(
  `^[a-z0-9]+(?:-[a-z0-9]+)*(?:\\.(?:${ROLES}))?(?:\\.spec|(?:\\.slow|\\.serial)?\\.e2e-spec|\\.d)?\\.\\w+$`,
);

describe('the names of source files', () => {
  it('are in kebab case, with a dot only before a role', () => {
    const modules = files.filter((path) => /\.(?:ts|js|css|html)$/.test(path));
    expect(modules.filter((path) => !FILE_NAME.test(basename(path)))).toEqual([]);
  });
});
