import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { MarkdownDocument, codesIn, renderedText } from '../harness/markdown.js';
import { PROGRAMS } from '../harness/programs.js';
import { testTitles, testTitlesIn } from '../harness/test-titles.js';

const page = await MarkdownDocument.read('docs/tests.md');
const security = await MarkdownDocument.read('docs/security.md');

/** A promise, the file of its test, and the test's title as written and as rendered. */
const promises = page
  .rows('promise', 'file', 'test')
  .map(([promise = '', file = '', title = '']) => ({
    promise,
    file: codesIn(file)[0] ?? file,
    titles: [title, renderedText(title)],
  }));

const missing = (paths: readonly string[]) => paths.filter((path) => !existsSync(path));

describe('docs/tests.md', () => {
  it('names a file and a test for every promise', () => {
    expect(promises.length).toBeGreaterThan(50);
    for (const row of promises) {
      expect(row.promise).toMatch(/\w/);
      expect([row.promise, row.file]).toEqual([
        row.promise,
        expect.stringMatching(/(?:\.|-)spec\.ts$/),
      ]);
      expect([row.promise, row.titles[1]]).toEqual([row.promise, expect.stringMatching(/\w/)]);
    }
  });

  it('names only files that exist', () => {
    const files = page.codes.filter((code) => /^[\w./-]+\.ts$/.test(code));
    expect(missing([...new Set([...files, ...promises.map(({ file }) => file)])])).toEqual([]);
  });

  it('names only titles that are in their files', () => {
    const files = [...new Set(promises.map(({ file }) => file))];
    const real = new Map(files.map((file) => [file, existsSync(file) ? testTitles(file) : []]));
    const unknown = promises.filter(
      ({ file, titles }) => !titles.some((title) => real.get(file)!.includes(title)),
    );
    expect(unknown.map(({ file, titles }) => `${file}: ${titles[1]}`)).toEqual([]);
  });

  it('names every end-to-end test file', () => {
    const files = globSync('test/**/*.e2e-spec.ts').toSorted();
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter((file) => !page.codes.includes(file))).toEqual([]);
  });

  it('names every optional program, with what is not tested without it', () => {
    const documented = page
      .rows('program')
      .map(([name = '', purpose]) => [codesIn(name)[0], purpose]);
    expect(documented).toEqual(PROGRAMS.map(({ name, purpose }) => [name, purpose]));
  });
});

describe('the threats of docs/security.md', () => {
  it('each name a test that exists', () => {
    const threats = security.rows('threat');
    expect(threats.length).toBeGreaterThan(15);
    for (const [threat = '', , tests = ''] of threats) {
      const files = codesIn(tests);
      expect([threat, files]).toEqual([
        threat,
        expect.arrayContaining([expect.stringMatching(/(?:\.|-)spec\.ts$/)]),
      ]);
      expect([threat, missing(files)]).toEqual([threat, []]);
    }
  });
});

describe('the titles of a test file', () => {
  it.each([
    ['a test in suites', `describe('a', () => { describe('b', () => { it('c', () => {}); }); });`],
    [
      'a table',
      `describe('a', () => { describe.each([1])('b', () => { it.for([[1]] as const)('c', () => {}); }); });`,
    ],
    [
      'a template table',
      "describe('a', () => { describe('b', () => { test.each`x`('c', () => {}); }); });",
    ],
    [
      'modifiers',
      `describe.skipIf(x)('a', () => { describe('b', { timeout: 1 }, () => { it.sequential('c', { timeout: 1 }, () => {}); }); });`,
    ],
    [
      'a configured test function',
      `const slow = configured({}).extend('x', () => 1); describe('a', () => { describe('b', () => { slow('c', ({ x }) => {}); }); });`,
    ],
    [
      'a loop',
      `for (const x of y) describe('a', () => { y.forEach(() => describe('b', () => { if (x) it('c', () => {}); })); });`,
    ],
    [
      'a function that collects',
      `function run(n: number) { describe('b', () => { it('c', () => {}); }); } describe('a', () => run(1));`,
    ],
    [
      'a suite function of its own',
      `describeOnLinux('a', () => { suite('b', () => { it('c', () => {}); }); });`,
    ],
  ])('are found in %s', (_what, text) => {
    expect(testTitlesIn(text)).toEqual(['a > b > c']);
  });

  it('have their placeholders as written', () => {
    const text =
      "describe(`is ${a.b} or ${c}`, () => { it.each([])('%s and $x ' + 'too', () => {}); });";
    expect(testTitlesIn(text)).toEqual(['is ${a.b} or ${c} > %s and $x too']);
  });

  it('are no other texts', () => {
    const text = `
      import { subscribe } from 'node:diagnostics_channel';
      subscribe('x', () => {});
      process.on('y', () => {});
      beforeAll(() => { it('z', () => {}); });
      function unused() { it('v', () => {}); }
      it.skip(name, () => {});
      it('w', () => { it('inside', () => {}); });`;
    expect(testTitlesIn(text)).toEqual(['w']);
  });

  it('include those that a function of another file collects', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'titles-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const [suite, shared] = [join(folder, 'a.e2e-spec.ts'), join(folder, 'shared.ts')];
    await writeFile(shared, 'export const collect = (n: number) => { it(`b ${n}`, () => {}); };');
    await writeFile(
      suite,
      "import { collect as run } from './shared.js'; describe('a', () => { run(2); });",
    );
    expect(testTitles(suite)).toEqual(['a > b ${n}']);
  });
});
