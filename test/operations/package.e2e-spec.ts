import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as api from '#service/index.js';
import { packedFiles } from '../harness/packed.js';
import { BUILT_SERVICE } from '../harness/service-process.js';

const packed = packedFiles();

/** Path in the build of a file of the package. */
const builtPath = (path: string) => path.replace(/^dist/, BUILT_SERVICE);

/** Built files that this one loads, and the packages that they import, including those of declarations. */
function reachableFrom(start: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set([builtPath(start)]);
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
const toModule = (name: string) => name.replace(/\.d\.ts$/, '.js');

describe('the package', () => {
  it('holds the compiled modules, the OpenAPI document and the documentation, and nothing else', () => {
    const others = packed.filter((path) => !path.startsWith('dist/'));
    const documents = [
      '.env.example',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'deploy/systemd/alfresco-downloads-bff.service',
      ...globSync('docs/**/*.{md,png}').filter(
        (path) => !/\/(?:tests|architecture)\.md$/.test(path),
      ),
      'openapi.json',
      'package.json',
    ];
    expect(others.toSorted()).toEqual(documents.toSorted());
    const built = globSync('src/**/*.ts')
      .filter((path) => !/\.(?:spec|suite|fixture)\.ts$/.test(path))
      .map((path) => path.replace(/^src\//, 'dist/').replace(/\.ts$/, ''))
      .flatMap((path) => [`${path}.d.ts`, `${path}.js`, `${path}.js.map`]);
    expect(packed.filter((path) => path.startsWith('dist/')).toSorted()).toEqual(built.toSorted());
  });

  it('has an entry point and types for each of its exports', () => {
    const { exports, types } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      exports: Record<string, string | { types: string; default: string }>;
      types: string;
    };
    expect(Object.keys(exports)).toEqual(['.', './openapi.json', './package.json']);
    expect(exports['.']).toEqual({ types, default: toModule(types) });
    for (const target of Object.values(exports)) {
      const paths = typeof target === 'string' ? [target] : Object.values(target);
      for (const path of paths) expect(packed).toContain(path.replace(/^\.\//, ''));
    }
  });

  it('has self-contained source maps', () => {
    const maps = packed.filter((path) => path.endsWith('.map'));
    for (const path of maps) {
      const { sources, sourcesContent } = JSON.parse(readFileSync(builtPath(path), 'utf8')) as {
        sources: string[];
        sourcesContent?: (string | null)[];
      };
      expect(sourcesContent?.filter((text) => text !== null)).toHaveLength(sources.length);
    }
    expect(maps.length).toBeGreaterThan(100);
  });

  it('exports the module with the types of its options and services, and nothing else', () => {
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
    'loads neither Fastify nor what only the service needs: %s',
    (start) => {
      const { files, packages } = reachableFrom(start);
      for (const file of files) expect(existsSync(file), file).toBe(true);
      expect(files.size).toBeGreaterThan(30);
      const ofService = /fastify|pino|passport|bcrypt|jose|opentelemetry|terminus|throttler/;
      expect([...packages].filter((name) => ofService.test(name))).toEqual([]);
    },
  );
});
