import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PROBLEMS } from '#service/problems/problem-catalogue.js';
import { EVERY_SCHEME } from '../harness/every-scheme.js';
import { configured } from '../harness/fixtures.js';
import { MarkdownDocument, allDocuments, codesIn } from '../harness/markdown.js';
import { Scrape } from '../harness/scrape.js';

/** With the metrics of log-ins. */
const it = configured({ variables: EVERY_SCHEME });

// The changelog mentions former names.
const documents = (await allDocuments()).filter(({ path }) => path !== 'CHANGELOG.md');
const each = documents.map((document) => [document.path, document] as const);
const operations = await MarkdownDocument.read('docs/operations.md');

describe('the problem codes', () => {
  it('are all in docs/errors.md, once, with their status', async () => {
    const rows = (await MarkdownDocument.read('docs/errors.md')).rows('code', 'status');
    const documented = rows.map(
      ([code = '', status]) => [codesIn(code)[0], Number(status)] as const,
    );
    const real = Object.entries(PROBLEMS).map(([code, { status }]) => [code, status] as const);
    expect(new Map(documented)).toEqual(new Map<string | undefined, number>(real));
    expect(documented.length).toBe(real.length);
  });

  it.for(each)('that a document names exist: %s', ([, document]) => {
    const slugs = [...document.allCode.matchAll(/(?<!src)\/problems\/([\w-]+)/g)].map(
      ([, slug]) => slug!,
    );
    const known = Object.keys(PROBLEMS).map((code) => code.toLowerCase().replaceAll('_', '-'));
    expect(slugs.filter((slug) => !known.includes(slug))).toEqual([]);
    // Codes in the text look like variables, and are checked with those.
    const codes = [...document.allCode.matchAll(/"code": ?"([A-Z_]+)"/g)].map(([, code]) => code!);
    expect(codes.filter((code) => !(code in PROBLEMS))).toEqual([]);
  });
});

const METRIC = /\b(?:bff|process|nodejs)_\w*\*?/g;

/** Whether the name, which may end with `*` or with the suffix of a histogram's series, matches this metric. */
function fits(name: string, real: string): boolean {
  return name.endsWith('*')
    ? real.startsWith(name.slice(0, -1))
    : [real, `${real}_bucket`, `${real}_count`, `${real}_sum`].includes(name);
}

/** Metrics that exist only with several workers. */
const OF_WORKERS = ['bff_workers', 'bff_workers_silent'];

describe('the metrics', () => {
  it.for(each)('that a document names exist: %s', async ([, document], { bff }) => {
    const real = [...(await Scrape.of(bff.url)).metrics, ...OF_WORKERS];
    const names = document.allCode.match(METRIC) ?? [];
    expect(names.filter((name) => !real.some((one) => fits(name, one)))).toEqual([]);
  });

  it('are all in docs/operations.md', async ({ bff }) => {
    const names = operations.rows('metric', 'labels').flatMap(([name = '']) => codesIn(name));
    const real = (await Scrape.of(bff.url)).metrics;
    expect(real.length).toBeGreaterThan(30);
    expect(real.filter((one) => !names.some((name) => fits(name, one)))).toEqual([]);
  });
});

describe('the alerts', () => {
  it('are all in docs/operations.md, with their severity', async () => {
    const rules = await readFile('deploy/prometheus/alerts.yml', 'utf8');
    const real = [...rules.matchAll(/- alert: (\w+)[^]*?severity: (\w+)/g)].map(
      ([, ...rule]) => rule,
    );
    const documented = operations
      .rows('alert', 'severity')
      .map(([name = '', severity]) => [codesIn(name)[0], severity]);
    expect(documented).toEqual(real);
  });
});

describe('the npm scripts', () => {
  it.for(each)('that a document names exist: %s', async ([path, document]) => {
    const own = join(dirname(path), 'package.json');
    const file = existsSync(own) ? own : 'package.json';
    const { scripts } = JSON.parse(await readFile(file, 'utf8')) as { scripts: object };
    const names = [
      ...document.allCode.matchAll(/\bnpm (?:run (?:--?\w+ )*([\w:-]+)|(test|start)\b)/g),
    ];
    expect(
      names.map(([, run, short]) => run ?? short!).filter((name) => !(name in scripts)),
    ).toEqual([]);
  });
});

describe('the files and folders of this repository', () => {
  it.for(each)('that a document names exist: %s', async ([, document]) => {
    // Generated files may be missing.
    const ignored = (await readFile('.gitignore', 'utf8')).split('\n');
    const paths = document.codes.filter((code) =>
      /^(?:bench|demo|deploy|docs|examples|sandbox|scripts|src|test)\/[\w./-]*$/.test(code),
    );
    expect(paths.filter((path) => !ignored.includes(path) && !existsSync(path))).toEqual([]);
  });
});
