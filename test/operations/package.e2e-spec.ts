import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as api from '#service/index.js';
import { type PackedPackage, packInto } from '../harness/packed.js';

let directory: string;
let packed: PackedPackage;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'package-'));
  packed = packInto(directory);
});
afterAll(() => rm(directory, { recursive: true }));

/** A program of `node_modules/.bin` about the tarball, with what it prints. */
function check(program: string, ...options: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, [...options, packed.tarball], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, output: stdout + stderr };
}

/** Files of `dist` that come with one of them, and packages that they import; types of declarations included. */
function reachableFrom(start: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set([start]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(
      /\b(?:from|import)\s*\(?["']([^"'\n]+)["']/g,
    )) {
      if (!name.startsWith('.')) packages.add(name);
      else files.add(join(dirname(file), start.endsWith('.d.ts') ? toTypes(name) : name));
    }
  }
  return { files, packages };
}

const toTypes = (name: string) => name.replace(/\.js$/, '.d.ts');

describe('the package', () => {
  it('holds what was built, the document of the API, and what explains it; nothing else', () => {
    const others = packed.files.filter((path) => !path.startsWith('dist/'));
    expect(others.toSorted()).toEqual([
      '.env.example',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'openapi.json',
      'package.json',
    ]);
    const built = globSync('src/**/*.ts')
      .filter((path) => !/\.(?:spec|suite|fixture)\.ts$/.test(path))
      .map((path) => path.replace(/^src\//, 'dist/').replace(/\.ts$/, ''))
      .flatMap((path) => [`${path}.d.ts`, `${path}.js`, `${path}.js.map`]);
    expect(packed.files.filter((path) => path.startsWith('dist/')).toSorted()).toEqual(
      built.toSorted(),
    );
  });

  it('has source maps that need no file that is not there', () => {
    const maps = packed.files.filter((path) => path.endsWith('.map'));
    for (const path of maps) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(path, 'utf8')) as {
        sources: string[];
        sourcesContent?: (string | null)[];
      };
      expect(sourcesContent?.filter((text) => text !== null)).toHaveLength(sources.length);
    }
    expect(maps.length).toBeGreaterThan(100);
  });

  it('can be imported and has its types, by the judgement of publint', () => {
    const { status, output } = check('publint', '--strict');
    expect(output).toContain('All good!');
    expect(status).toBe(0);
  });

  it('has types that are those of its modules, by the judgement of Are The Types Wrong', () => {
    const { status, output } = check('attw', '--profile', 'esm-only');
    expect(output).toContain('node16 (from ESM): 🟢 (ESM)');
    expect(status).toBe(0);
  });

  it('exports the module, what its options and services are made of, and nothing else', () => {
    expect(Object.keys(api).toSorted()).toEqual([
      'ConfigurationError',
      'CreationService',
      'DownloadRegistry',
      'DownloadsModule',
      'DownloadsService',
      'OwnerConflictError',
      'ProblemException',
      'hasSignedLink',
    ]);
  });

  it.each(['dist/index.js', 'dist/index.d.ts'])(
    'brings neither Fastify nor what only the service needs along: %s',
    (start) => {
      const { files, packages } = reachableFrom(start);
      for (const file of files) expect(existsSync(file), file).toBe(true);
      expect(files.size).toBeGreaterThan(30);
      const ofService = /fastify|pino|passport|bcrypt|jose|opentelemetry|terminus|throttler/;
      expect([...packages].filter((name) => ofService.test(name))).toEqual([]);
    },
  );
});
