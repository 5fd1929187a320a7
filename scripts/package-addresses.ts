/**
 * Writes where the repository is into the `package.json` of all packages, as the remote `origin` says; `npm run versions` runs
 * it first. Exit code 1, with nothing changed, when there is no such remote, or one that others cannot open.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

if (import.meta.main) {
  try {
    const page = pageOf(origin());
    const { workspaces } = manifestIn('.') as { workspaces: string[] };
    for (const folder of ['.', ...workspaces]) writeAddresses(folder, page);
    console.log(`The packages have ${page} as their repository.`);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

/** @throws Error if there is no such remote */
function origin(): string {
  try {
    return execFileSync('git', ['remote', 'get-url', 'origin'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    throw new Error(
      'There is no git remote called origin, the repository that the packages are to name. `git remote add origin <address>` adds it.',
    );
  }
}

/**
 * The page of a repository, without user, password and query of its remote.
 *
 * @throws Error if the remote is not on a server
 */
export function pageOf(remote: string): string {
  // As of scp; a single letter is a drive of Windows.
  const [, host, path] = /^(?:[^/@:]+@)?([^/@:]{2,}):(?!\/\/)(.+)$/.exec(remote) ?? [];
  const url = URL.parse(host && path ? `ssh://${host}/${path}` : remote);
  const name = url?.pathname.replace(/^\/+|(?:\.git)?\/*$/g, '');
  if (name && url?.protocol === 'https:') return `https://${url.host}/${name}`;
  // Without its port, which is not that of the page.
  if (name && url?.protocol === 'ssh:') return `https://${url.hostname}/${name}`;
  // The remote is not shown, since it may contain a password.
  throw new Error(
    'The git remote called origin is none of https://<server>/<path>, ssh://<server>/<path> and <user>@<server>:<path>.',
  );
}

function writeAddresses(folder: string, page: string): void {
  const directory = folder === '.' ? {} : { directory: folder };
  const addresses = {
    repository: { type: 'git', url: `git+${page}.git`, ...directory },
    homepage: `${page}#readme`,
    bugs: { url: `${page}/issues` },
  };
  const fields = Object.entries(manifestIn(folder))
    .filter(([name]) => !(name in addresses))
    .flatMap((field) => (field[0] === 'license' ? [field, ...Object.entries(addresses)] : [field]));
  const text = JSON.stringify(Object.fromEntries(fields), null, 2);
  writeFileSync(join(folder, 'package.json'), `${text}\n`);
}

function manifestIn(folder: string): object {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object;
}
