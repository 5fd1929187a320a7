import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { loadConfig } from '#service/config/config-loader.js';
import { SECRET_VARIABLES } from '#service/config/environment.js';
import { PACKAGES_BESIDE_BUNDLE } from '../../scripts/bundle.ts';
import { type Bff, environment, startBff } from '../harness/bff.js';
import { documentedVariables } from '../harness/deployed-config.js';
import { type Stage, execForm, filesOf, readStages, textsOf } from '../harness/dockerfile.js';

let stages: readonly Stage[];
let image: Stage;

beforeAll(async () => {
  stages = await readStages();
  image = stages.at(-1)!;
});

/** Run by npm or node-gyp at the installation only. */
const FOR_INSTALLATION = ['@scarf/scarf', 'node-addon-api'];

/** The packages that the bundle leaves out, and those that they need in turn. */
function packagesBesideBundle(names: readonly string[] = PACKAGES_BESIDE_BUNDLE): Set<string> {
  const needed = new Set<string>();
  for (const name of names) {
    if (FOR_INSTALLATION.includes(name)) continue;
    const manifest = readFileSync(`node_modules/${name}/package.json`, 'utf8');
    const { dependencies = {} } = JSON.parse(manifest) as { dependencies?: object };
    needed.add(name);
    for (const other of packagesBesideBundle(Object.keys(dependencies))) needed.add(other);
  }
  return needed;
}

/** The only instruction of this kind in the image. */
function only(keyword: string): string {
  const texts = textsOf(image, keyword);
  expect(texts).toHaveLength(1);
  return texts[0]!;
}

describe('the Dockerfile', () => {
  it('is accepted by Docker’s linter', async () => {
    expect(validate(await readFile('Dockerfile', 'utf8'))).toEqual([]);
  });

  it('is based on images of the Node.js that the service needs, pinned by digest', async () => {
    const manifest = JSON.parse(await readFile('package.json', 'utf8')) as {
      engines: { node: string };
    };
    const major = /\d+/.exec(manifest.engines.node)![0];
    const pinned = new RegExp(`^node:${major}\\.\\d+\\.\\d+-[\\w.-]+@sha256:[0-9a-f]{64}$`);
    const names = new Set(stages.map(({ name }) => name));
    const bases = stages.map(({ base }) => base).filter((base) => !names.has(base));
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(pinned);
  });

  it('makes an image of what the service needs at run time, without build tools', () => {
    const files = filesOf(image);
    const packages = [...files.keys()].filter((path) => path.startsWith('./node_modules/'));
    expect([...files.keys()].filter((path) => !packages.includes(path))).toEqual([
      './',
      './dist/main.js',
      './dist/bundle',
    ]);
    expect(packages.toSorted()).toEqual(
      [...packagesBesideBundle()].map((name) => `./node_modules/${name}`).toSorted(),
    );
    for (const path of packages) expect(files.get(path)).toBe(path.replace('.', '/app'));
  });

  it('runs as an unprivileged user, named by number', () => {
    const [uid, gid] = only('USER').split(':').map(Number);
    expect(uid).toBeGreaterThan(0);
    expect(gid).toBeGreaterThan(0);
  });

  it('starts Node.js without a shell, so that it receives signals', () => {
    expect([...execForm(only('ENTRYPOINT')), ...execForm(only('CMD'))]).toEqual([
      'node',
      'dist/main.js',
    ]);
  });

  it('sets no variable that is secret or unknown', async () => {
    const known = await documentedVariables();
    const names = textsOf(image, 'ENV').flatMap((text) =>
      text.split(' ').map((pair) => pair.split('=')[0]!),
    );
    expect(names).toContain('HOST');
    // Variables of Node.js and of the C library.
    const ofOthers = ['NODE_ENV', 'NODE_OPTIONS', 'MALLOC_ARENA_MAX'];
    for (const name of names) {
      expect([...known, ...ofOthers]).toContain(name);
      expect([...SECRET_VARIABLES]).not.toContain(name);
    }
    expect(stages.flatMap((stage) => textsOf(stage, 'ARG'))).toEqual([]);
  });

  it('exposes the default port, and has a volume for the default folder', () => {
    const defaults = { ...environment('http://acs.example.com/alfresco'), PORT: '', STORE_URL: '' };
    const config = loadConfig(defaults);
    expect(only('EXPOSE')).toBe(String(config.http.port));
    const [folder] = execForm(only('VOLUME'));
    const workdir = textsOf(stages[0]!, 'WORKDIR')[0]!;
    const file = /^sqlite:(.+)$/.exec(config.store.url)![1]!;
    expect(join(workdir, file)).toBe(`${folder}/downloads.db`);
  });

  it('sends Docker only what it copies', async () => {
    const lines = (await readFile('.dockerignore', 'utf8')).split('\n');
    const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(rules[0]).toBe('*');
    const seen = rules.slice(1).map((rule) => rule.replace(/^!/, ''));
    const copied = stages
      .flatMap((stage) => textsOf(stage, 'COPY'))
      .filter((text) => !text.startsWith('--from='))
      .flatMap((text) => text.split(' ').slice(0, -1));
    expect(seen.toSorted()).toEqual([...new Set(copied)].toSorted());
  });
});

/** Runs the command of the image's health check. @returns its exit code */
async function check(port: number): Promise<unknown> {
  const [, ...args] = execForm(only('HEALTHCHECK'));
  const child = spawn(process.execPath, args, { env: { PORT: String(port) }, stdio: 'ignore' });
  return (await once(child, 'exit'))[0];
}

describe('the health check of the image', () => {
  let bff: Bff;

  beforeAll(async () => {
    bff = await startBff('http://127.0.0.1:1/alfresco');
  });
  afterAll(() => bff.close());

  it('passes when the service responds, even if Alfresco is down', async () => {
    expect(await check(bff.port)).toBe(0);
  });

  it('fails when nothing responds', async () => {
    expect(await check(1)).toBe(1);
  });
});

describe('npm run image:try', () => {
  it('says what to install, with exit code 2, when there is no container engine', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/trials/image-trial.ts'], {
      env: { PATH: '' },
      encoding: 'utf8',
    });
    expect(stderr).toMatch(
      /^Neither Docker .* nor Podman nor Buildah .* can be used here\. .*install podman/,
    );
    expect(status).toBe(2);
  });
});
