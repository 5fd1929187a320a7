import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything besides `dist` that the package can contain. */
const PACKED = [
  '.env.example',
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'SECURITY.md',
  'deploy',
  'docs',
  'openapi.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

interface PackReport {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Packs the build under test into this folder, and returns the path of the tarball. */
export function packInto(directory: string): string {
  return join(directory, pack('--pack-destination', directory).filename);
}

/** Builds and packs a workspace as `npm publish` does, and returns the path of the tarball. */
export function packWorkspace(name: string, directory: string): string {
  const options = ['--json', '--no-foreground-scripts', '--pack-destination', directory];
  const json = execFileSync('npm', ['pack', '--workspace', name, ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return join(directory, reportIn(json).filename);
}

/** Paths of the files of a workspace that its package would hold, of those that need no build. */
export function packedFilesOf(workspace: string): string[] {
  const options = ['--json', '--dry-run', '--ignore-scripts', '--workspace', workspace];
  const json = execFileSync('npm', ['pack', ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return reportIn(json).files.map(({ path }) => path);
}

/** Paths of the files that the package would hold. */
export function packedFiles(): string[] {
  return pack('--dry-run').files.map(({ path }) => path);
}

/** Runs `npm pack` on a copy with the build under test as `dist/`; the repository's own `dist/` may differ or be missing. */
function pack(...options: readonly string[]): PackReport {
  const source = mkdtempSync(join(tmpdir(), 'pack-'));
  try {
    for (const name of PACKED) cpSync(name, join(source, name), { recursive: true });
    cpSync(process.env.BUILT_SERVICE!, join(source, 'dist'), { recursive: true });
    const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', ...options], {
      cwd: source,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return reportIn(json);
  } finally {
    rmSync(source, { recursive: true });
  }
}

/** The only package in the output of `npm pack --json`. */
function reportIn(json: string): PackReport {
  return Object.values(JSON.parse(json) as Record<string, PackReport>)[0]!;
}
