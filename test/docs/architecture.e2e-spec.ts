import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { MarkdownDocument, codesIn } from '../harness/markdown.js';

const page = await MarkdownDocument.read('docs/architecture.md');
const rooms = page.rows('room');

const files = (pattern: string) =>
  globSync(pattern, { exclude: (path) => path.includes('node_modules') });

/** The file that each import of a file leads to, types included, as far as it is one of this repository. */
async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  return [...text.matchAll(/(?:\bfrom |\bimport\(|\bimport )'(\.[^']+)'/g)].map(([, path]) =>
    relative('.', join(file, '..', path!)),
  );
}

/** `src/downloads/dto/x.ts` is in `downloads`, and `src/main.ts` in no room. */
const roomOf = (file: string) => /^src\/([^/]+)\//.exec(file)?.[1];

const isTest = (file: string) => /\.(?:spec|suite|fixture)\.ts$/.test(file);

async function realImports(): Promise<Map<string, string[]>> {
  const found = new Map<string, Set<string>>();
  for (const file of files('src/*/**/*.ts')) {
    if (isTest(file)) continue;
    const room = roomOf(file)!;
    const targets = found.get(room) ?? found.set(room, new Set()).get(room)!;
    for (const target of (await importsOf(file)).map(roomOf)) {
      if (target !== undefined && target !== room) targets.add(target);
    }
  }
  return new Map([...found].map(([room, targets]) => [room, [...targets].toSorted()]));
}

async function importedBy(pattern: string): Promise<string[]> {
  const sources = files(pattern).filter((file) => !isTest(file));
  return (await Promise.all(sources.map(importsOf))).flat();
}

describe('docs/architecture.md', () => {
  it('has every folder of src, and no other', async () => {
    const real = new Set(files('src/*/**/*.ts').map((file) => file.replace(/[^/]+$/, '')));
    const told = rooms.map(([room = '']) => codesIn(room)[0]);
    expect(new Set(told)).toEqual(real);
    expect(told.length).toBe(real.size);
  });

  it('has every folder that is not generated', async () => {
    const told = page.rows('folder').flatMap(([folder = '']) => codesIn(folder));
    expect(told.filter((folder) => !existsSync(folder))).toEqual([]);
    const real = new Set(
      files('[a-z]*/**/*.{ts,md,yml,yaml,conf}').map((file) => `${file.split('/')[0]}/`),
    );
    const generated = ['coverage/', 'data/', 'dist/', 'screenshots/'];
    expect(
      [...real].filter((folder) => !told.includes(folder) && !generated.includes(folder)),
    ).toEqual([]);
  });

  it('says which room imports which', async () => {
    const told = new Map(
      rooms
        .map(
          ([room = '', , imports = '']) =>
            [roomOf(`${codesIn(room)[0]}x.ts`)!, codesIn(room)[0]!, codesIn(imports)] as const,
        )
        .filter(([room, folder]) => folder === `src/${room}/`)
        .map(([room, , imports]) => [room, imports.toSorted()]),
    );
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(await realImports()));
  });

  it('draws only arrows that exist', async () => {
    const real = await realImports();
    const ofRoot = new Set(
      (await Promise.all(files('src/*.ts').map(importsOf))).flat().map(roomOf),
    );
    const drawing = page.fences.find(
      ({ language, text }) => language === 'mermaid' && text.startsWith('flowchart'),
    );
    const arrows = [...drawing!.text.matchAll(/^ +(\w+)(?:\[.*?\])? --> (\w+)$/gm)];
    expect(arrows.length).toBe(drawing!.text.trim().split('\n').length - 1);
    for (const [, from = '', to = ''] of arrows) {
      const targets = from === 'app' ? [...ofRoot] : real.get(from);
      expect([from, targets]).toEqual([from, expect.arrayContaining([to])]);
    }
  });

  it('is right that neither the service nor the sandbox imports the other', async () => {
    const ofService = await importedBy('src/**/*.ts');
    const ofSandbox = await importedBy('sandbox/**/*.ts');
    expect(ofService.length).toBeGreaterThan(100);
    expect(ofSandbox.length).toBeGreaterThan(100);
    expect(ofService.filter((path) => !path.startsWith('src/'))).toEqual([]);
    expect(ofSandbox.filter((path) => !path.startsWith('sandbox/'))).toEqual([]);
  });
});
