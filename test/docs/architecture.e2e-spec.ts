import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { MarkdownDocument, codesIn } from '../harness/markdown.js';

const page = await MarkdownDocument.read('docs/architecture.md');

/** The paths that each row of the table names, from the top down. */
const layers = page.rows('layer').map(([paths = '']) => codesIn(paths));
const layered = layers.flatMap((paths, rank) => paths.map((path) => ({ path, rank })));

const files = (pattern: string) =>
  globSync(pattern, { exclude: (path) => path.includes('node_modules') });

const isTest = (file: string) => /\.(?:spec|suite|fixture)\.ts$/.test(file);

/** Every file of a folder, and the files of this repository that it imports, types included. */
async function importsIn(folder: string): Promise<Map<string, string[]>> {
  const sources = files(`${folder}/**/*.ts`).filter((file) => !isTest(file));
  return new Map(
    await Promise.all(
      sources.map(async (file) => {
        const text = await readFile(file, 'utf8');
        const paths = text.matchAll(/(?:\bfrom |\bimport\(|\bimport )'(\.[^']+)'/g);
        const imported = paths.map(([, path]) => relative('.', join(dirname(file), path!)));
        return [file, [...imported].map((path) => path.replace(/\.js$/, '.ts'))] as const;
      }),
    ),
  );
}

interface Layer {
  readonly path: string;
  readonly rank: number;
}

/** The row of a file: that of the longest path that it is in. */
function layerOf(file: string): Layer | undefined {
  return layered
    .filter(({ path }) => file === path || (path.endsWith('/') && file.startsWith(path)))
    .toSorted((one, other) => other.path.length - one.path.length)[0];
}

/** Of files that share a row, each may import those that are named after it; folders are apart. */
function mayImport(from: Layer, to: Layer): boolean {
  if (from.path === to.path || to.rank > from.rank) return true;
  if (to.rank < from.rank || to.path.endsWith('/')) return false;
  const row = layers[from.rank]!;
  return row.indexOf(to.path) > row.indexOf(from.path);
}

/** Files that can be reached from themselves, with those on the way. */
function circlesIn(imports: Map<string, string[]>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const follow = (file: string, way: string[]) => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' -> '));
    if (done.has(file)) return;
    done.add(file);
    for (const next of imports.get(file) ?? []) follow(next, [...way, file]);
  };
  for (const file of imports.keys()) follow(file, []);
  return circles;
}

describe('docs/architecture.md', () => {
  it('has every file of src in one of its layers, and no path that does not exist', () => {
    const unknown = files('src/**/*.ts').filter((file) => !isTest(file) && !layerOf(file));
    expect(unknown).toEqual([]);
    expect(layered.filter(({ path }) => !existsSync(path))).toEqual([]);
    expect(new Set(layered.map(({ path }) => path)).size).toBe(layered.length);
  });

  it('has every folder that is not generated', () => {
    const named = page.rows('folder').flatMap(([folder = '']) => codesIn(folder));
    expect(named.filter((folder) => !existsSync(folder))).toEqual([]);
    const real = new Set(
      files('[a-z]*/**/*.{ts,md,yml,yaml,conf}').map((file) => `${file.split('/')[0]}/`),
    );
    const generated = ['coverage/', 'data/', 'dist/', 'screenshots/'];
    expect(
      [...real].filter((folder) => !named.includes(folder) && !generated.includes(folder)),
    ).toEqual([]);
  });

  it('draws the layers in their order', () => {
    const drawing = page.fences.find(({ text }) => text.startsWith('flowchart'));
    const drawn = [...drawing!.text.matchAll(/\["([^"]+)"\]/g)].map(([, names = '']) =>
      names.split(' · '),
    );
    const named = layers.map((paths) =>
      paths.map((path) => path.replace(/^src\//, '').replace(/\/$|\.ts$/g, '')),
    );
    expect(drawn).toEqual(named);
  });
});

describe('the source', () => {
  it('imports only from its own folder or a layer below', async () => {
    const imports = await importsIn('src');
    expect(imports.size).toBeGreaterThan(80);
    const upward = [...imports].flatMap(([file, imported]) => {
      const from = layerOf(file)!;
      return imported
        .map((target) => ({ target, to: layerOf(target) }))
        .filter(({ to }) => to === undefined || !mayImport(from, to))
        .map(({ target }) => `${file} -> ${target}`);
    });
    expect(upward).toEqual([]);
  });

  it('has no file that imports itself through others', async () => {
    expect(circlesIn(await importsIn('src'))).toEqual([]);
  });

  it('of the service imports nothing of the stand-in for Alfresco, nor the other way round', async () => {
    for (const folder of ['src', 'sandbox']) {
      const imported = [...(await importsIn(folder)).values()].flat();
      expect(imported.length).toBeGreaterThan(100);
      expect(imported.filter((path) => !path.startsWith(`${folder}/`))).toEqual([]);
    }
  });
});
