import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { loadConfig } from '#service/config/config-loader.js';
import { SECRET_VARIABLES } from '#service/config/environment.js';
import { type Bff, environment, startBff } from '../harness/bff.js';
import { documentedVariables } from '../harness/deployed-config.js';
import { type Stage, execForm, readStages, textsOf } from '../harness/dockerfile.js';

let stages: readonly Stage[];
let image: Stage;

beforeAll(async () => {
  stages = await readStages();
  image = stages.at(-1)!;
});

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
    const copied = textsOf(image, 'COPY').map((text) => text.split(' ').at(-1)!);
    expect(copied.toSorted()).toEqual(['./', './dist', './node_modules']);
    const dependencies = stages.find(({ name }) => name === 'dependencies')!;
    expect(textsOf(dependencies, 'RUN')).toEqual(['npm ci --omit=dev --ignore-scripts']);
    expect(textsOf(image, 'COPY')).toContain(
      '--from=dependencies /app/node_modules ./node_modules',
    );
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
