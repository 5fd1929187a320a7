import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pageOf } from '../../scripts/package-addresses.ts';

const FOLDERS = ['.', 'client', 'sandbox'];
const SCRIPT = resolve('scripts/package-addresses.ts');

/** A git repository with the descriptions of the packages, and nothing else. */
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'release-'));
  for (const name of FOLDERS) {
    mkdirSync(join(folder, name), { recursive: true });
    copyFileSync(join(name, 'package.json'), join(folder, name, 'package.json'));
  }
  execFileSync('git', ['init', '--quiet'], { cwd: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs what `npm run versions` runs first. */
function writeAddresses(remote?: string) {
  if (remote) execFileSync('git', ['remote', 'add', 'origin', remote], { cwd: folder });
  return spawnSync(process.execPath, [SCRIPT], { cwd: folder, encoding: 'utf8' });
}

const texts = (root: string) =>
  FOLDERS.map((name) => readFileSync(join(root, name, 'package.json'), 'utf8'));

describe('npm run versions', () => {
  it.each([
    ['https://github.com/acme/downloads.git', 'https://github.com/acme/downloads'],
    ['https://github.com/acme/downloads/', 'https://github.com/acme/downloads'],
    ['git@github.com:acme/downloads.git', 'https://github.com/acme/downloads'],
    ['gitlab.com:acme/web/down.loads', 'https://gitlab.com/acme/web/down.loads'],
    ['ssh://git@gitlab.com/acme/web/downloads.git', 'https://gitlab.com/acme/web/downloads'],
    ['ssh://git@git.example.com:2222/a/b.git', 'https://git.example.com/a/b'],
    ['https://me:s3cret@git.example.com:8443/a/b.git?c=d', 'https://git.example.com:8443/a/b'],
  ])('finds the page of a repository, without credentials: %s', (remote, page) => {
    expect(pageOf(remote)).toBe(page);
  });

  it.each([
    '/srv/downloads.git',
    '../downloads',
    'C:/downloads',
    'file:///srv/downloads.git',
    'http://me:s3cret@git.example.com/a/b.git',
    'https://github.com/',
  ])('takes no remote that is not a page for everyone, and does not print it: %s', (remote) => {
    const { status, stderr } = writeAddresses(remote);
    expect(stderr).toBe(
      'The git remote called origin is none of https://<server>/<path>, ssh://<server>/<path> and <user>@<server>:<path>.\n',
    );
    expect(status).toBe(1);
    expect(texts(folder)).toEqual(texts('.'));
  });

  it('says which remote it needs, and changes nothing, where there is none', () => {
    const { status, stderr } = writeAddresses();
    expect(stderr).toBe(
      'There is no git remote called origin, the repository that the packages are to name. `git remote add origin <address>` adds it.\n',
    );
    expect(status).toBe(1);
    expect(texts(folder)).toEqual(texts('.'));
  });

  it('writes the repository of each package with its folder, and replaces an earlier one', () => {
    expect(writeAddresses('git@github.com:acme/earlier.git').status).toBe(0);
    execFileSync('git', ['remote', 'remove', 'origin'], { cwd: folder });
    const { status, stdout } = writeAddresses('https://me:s3cret@github.com/acme/downloads.git');
    expect(stdout).toBe(
      'The packages have https://github.com/acme/downloads as their repository.\n',
    );
    expect(status).toBe(0);
    const repository = { type: 'git', url: 'git+https://github.com/acme/downloads.git' };
    const written = texts(folder).map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(written.map((fields) => fields.repository)).toEqual([
      repository,
      { ...repository, directory: 'client' },
      { ...repository, directory: 'sandbox' },
    ]);
    for (const [index, text] of texts('.').entries()) {
      const { repository: _, ...others } = written[index]!;
      expect(others).toEqual({
        ...(JSON.parse(text) as object),
        homepage: 'https://github.com/acme/downloads#readme',
        bugs: { url: 'https://github.com/acme/downloads/issues' },
      });
    }
  });
});
