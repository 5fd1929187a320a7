import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const TOKEN = 't0ken-of-somebody';
const PACKAGES = [
  ['alfresco-downloads-bff', undefined],
  ['alfresco-downloads-client', 'client'],
  ['alfresco-sandbox', 'sandbox'],
] as const;
/** Made by npm, git and builds. */
const IGNORED = ['node_modules', '.git', '.build', 'dist', 'coverage', 'data'];
const ALL = ['--workspaces', '--include-workspace-root'];

let directory: string;
let checkout: string;
/** Of each package, as it would be published. */
let tarballs: Map<string, string>;

/** The steps of CONTRIBUTING.md, in a repository of its own with a remote on GitHub. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'release-'));
  checkout = join(directory, 'checkout');
  await cp('.', checkout, {
    recursive: true,
    filter: (path) => !IGNORED.includes(basename(path)),
  });
  run('git', 'init', '--quiet');
  run('git', 'remote', 'add', 'origin', `https://me:${TOKEN}@github.com/acme/downloads.git`);
  run('npm', 'ci', '--prefer-offline', '--no-audit', '--no-fund');
  run('npm', 'run', 'versions', '--', '9.8.7');
  const options = ['--json', '--no-foreground-scripts', '--pack-destination', directory];
  const packed = JSON.parse(run('npm', 'pack', ...ALL, ...options)) as object;
  const reports = Object.values(packed) as { name: string; filename: string }[];
  tarballs = new Map(reports.map(({ name, filename }) => [name, join(directory, filename)]));
}, 300_000);
afterAll(() => rm(directory, { recursive: true }));

/** Runs a program in the checkout, and returns what it prints. */
function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, {
    cwd: checkout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

describe.each(PACKAGES)('after npm run versions, the package %s', (name, folder) => {
  it('has the version, and the repository that provenance names', () => {
    const text = run('tar', '-xzOf', tarballs.get(name)!, 'package/package.json');
    const repository = { type: 'git', url: 'git+https://github.com/acme/downloads.git' };
    expect(JSON.parse(text)).toMatchObject({
      version: '9.8.7',
      repository: folder ? { ...repository, directory: folder } : repository,
      homepage: 'https://github.com/acme/downloads#readme',
      bugs: { url: 'https://github.com/acme/downloads/issues' },
      publishConfig: { provenance: true },
    });
    expect(text).not.toContain(TOKEN);
  });

  it('is still good, according to publint', () => {
    const printed = run(join('node_modules', '.bin', 'publint'), '--strict', tarballs.get(name)!);
    expect(printed).toContain('All good!');
  });
});

describe('after npm run versions, the packages', () => {
  it('can be published together, with nothing for npm to correct', () => {
    const options = ['--dry-run', '--ignore-scripts', '--loglevel', 'notice'];
    const { status, stdout, stderr } = spawnSync('npm', ['publish', ...ALL, ...options], {
      cwd: checkout,
      encoding: 'utf8',
    });
    expect(stdout.trim().split('\n')).toEqual(PACKAGES.map(([name]) => `+ ${name}@9.8.7`));
    expect(stderr).toContain('with tag latest and public access (dry-run)');
    // Nobody is logged in where tests run.
    expect(stderr.replaceAll(/npm warn publish This command requires you.*/g, '')).not.toMatch(
      /npm (?:warn|error)/,
    );
    expect(status).toBe(0);
  });
});
