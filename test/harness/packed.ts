import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All that a package of this repository can be made of, besides `dist`. */
const PACKED = [
  '.env.example',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'openapi.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** The package as `npm pack` makes it of what has been built. */
export interface PackedPackage {
  /** Path of the tarball. */
  readonly tarball: string;
  /** What is in it. */
  readonly files: readonly string[];
}

/** Packs what is under test, where `dist/` may be another build or none. */
export function packInto(directory: string): PackedPackage {
  const source = mkdtempSync(join(tmpdir(), 'pack-'));
  for (const name of PACKED) cpSync(name, join(source, name));
  cpSync(process.env.BUILT_SERVICE!, join(source, 'dist'), { recursive: true });
  const json = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', directory],
    { cwd: source, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  rmSync(source, { recursive: true });
  const packed = Object.values(
    JSON.parse(json) as Record<string, { filename: string; files: { path: string }[] }>,
  );
  const { filename, files } = packed[0]!;
  return { tarball: join(directory, filename), files: files.map(({ path }) => path) };
}
