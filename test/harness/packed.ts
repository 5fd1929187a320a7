import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** The package as `npm pack` makes it of what has been built. */
export interface PackedPackage {
  /** Path of the tarball. */
  readonly tarball: string;
  /** What is in it. */
  readonly files: readonly string[];
}

/** Packs without building again, since other tests run what has been built. */
export function packInto(directory: string): PackedPackage {
  const json = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', directory],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const packed = Object.values(
    JSON.parse(json) as Record<string, { filename: string; files: { path: string }[] }>,
  );
  const { filename, files } = packed[0]!;
  return { tarball: join(directory, filename), files: files.map(({ path }) => path) };
}
