import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bundle } from './bundle.ts';
import { fillCompileCache } from './compile-cache.ts';

const ROOT = join(import.meta.dirname, '..');
/** The folder for all builds other than `dist/`, which `npm start` runs. */
const BUILDS = join(ROOT, '.build');

/**
 * Compiles the service into a folder, and bundles it by default. The folder must be inside the repository, so that the
 * compiled modules find their packages.
 *
 * @throws Error with the compiler's output
 */
export async function build(
  output: string,
  { isBundled = true }: { isBundled?: boolean } = {},
): Promise<void> {
  const folder = resolve(output);
  const compiler = spawn(process.execPath, [join(ROOT, 'scripts/compile.ts'), folder], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  compiler.stdout.on('data', (chunk) => (printed += String(chunk)));
  const [exitCode] = (await once(compiler, 'close')) as [number | null];
  if (exitCode !== 0) throw new Error(`src/ does not compile:\n${printed}`);
  if (!isBundled) return;
  await bundle(folder);
  await fillCompileCache(folder);
}

/** The path of a build folder, which its process must remove at its end. Removes those of killed processes. */
export function temporaryFolder(purpose: string): string {
  mkdirSync(BUILDS, { recursive: true });
  for (const name of readdirSync(BUILDS)) {
    const pid = Number(/-(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !isRunning(pid)) rmSync(join(BUILDS, name), { recursive: true, force: true });
  }
  return join(BUILDS, `${purpose}-${process.pid}`);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Replaces `dist/` as a whole once the build has succeeded, so that a service running from it always finds every file. */
async function buildDist(): Promise<void> {
  const dist = join(ROOT, 'dist');
  const fresh = temporaryFolder('dist');
  const old = `${fresh}-old-${process.pid}`;
  try {
    await build(fresh);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    await buildDist();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
