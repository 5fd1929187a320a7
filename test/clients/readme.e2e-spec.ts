import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../harness/polling.js';
import { needsTools } from '../harness/tools.js';

/** Started elsewhere, so that a developer's `.env` does not count. */
const DEMO = join(process.cwd(), 'demo/main.ts');
const README_ORIGIN = 'http://127.0.0.1:3000';
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Starts `demo/main.ts` on any free port; it prints where it is. */
async function startDemo(): Promise<{ demo: ChildProcess; url: string }> {
  const env = { ...process.env, PORT: '0', ALFRESCO_URL: '', NODE_ENV: 'development' };
  const demo = spawn(process.execPath, [DEMO], {
    env,
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr])
    stream.on('data', (chunk) => (output += String(chunk)));
  const urlIn = () => /Service\s+(\S+)/.exec(output)?.[1];
  await until(urlIn, (url) => url !== undefined || demo.exitCode !== null);
  if (!urlIn()) throw new Error(`the demo did not start: ${output}`);
  return { demo, url: urlIn()! };
}

const isCommand = (line: string) => line.startsWith('$ ') || line.startsWith('    ');

/** Commands and what they print, from the `console` blocks of a document; an indented line goes on with a command. */
function transcript(markdown: string): { script: string; output: string } {
  const lines = [...markdown.matchAll(/```console\n(.*?)```/gs)].flatMap(([, block]) =>
    block!.trimEnd().split('\n'),
  );
  return {
    script: lines
      .filter(isCommand)
      .map((line) => line.replace(/^\$ /, ''))
      .join('\n'),
    output: lines.filter((line) => !isCommand(line)).join('\n'),
  };
}

const withoutIds = (text: string) => text.replaceAll('\r', '').replaceAll(UUID, '<id>').trim();

describe('a walk-through', () => {
  let demo: ChildProcess;
  let url: string;
  let directory: string;

  beforeAll(async () => {
    ({ demo, url } = await startDemo());
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'readme-'));
  });
  afterEach(() => rm(directory, { recursive: true }));
  afterAll(async () => {
    demo.kill('SIGTERM');
    await new Promise((resolve) => demo.once('exit', resolve));
    expect(demo.exitCode).toBe(0);
  });

  it.for([
    ['README.md', 8],
    ['docs/integration.md', 4],
  ] as const)(
    'prints what it says: %s',
    { timeout: 60_000 },
    async ([document, calls], context) => {
      needsTools(context, 'curl', 'unzip', 'bash');
      const { script, output } = transcript(await readFile(document, 'utf8'));
      expect(script.match(/curl /g)!.length).toBeGreaterThanOrEqual(calls);
      const shell = spawn(
        'bash',
        ['-euo', 'pipefail', '-c', script.replaceAll(README_ORIGIN, url)],
        {
          cwd: directory,
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let printed = '';
      shell.stdout.on('data', (chunk) => (printed += String(chunk)));
      const code = await new Promise((resolve) => shell.once('close', resolve));
      expect(withoutIds(printed)).toBe(withoutIds(output));
      expect(code).toBe(0);
    },
  );
});

describe('the demo', () => {
  it.each([
    ['NODE_ENV=production', { NODE_ENV: 'production' }],
    ['an ALFRESCO_URL', { ALFRESCO_URL: 'https://acs.example.com/alfresco' }],
  ])('never starts its stand-in with %s', (_name, variables) => {
    const env = { PATH: process.env.PATH, PORT: '0', ...variables };
    const { status, stderr, stdout } = spawnSync(process.execPath, [DEMO], {
      env,
      cwd: tmpdir(),
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^The demo does not start: .+\n$/);
  });

  it('says which port is taken', async () => {
    const { demo, url } = await startDemo();
    const { port } = new URL(url);
    const env = { PATH: process.env.PATH, PORT: port };
    const { status, stderr } = spawnSync(process.execPath, [DEMO], {
      env,
      cwd: tmpdir(),
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`Port ${port} is in use`);
    demo.kill('SIGTERM');
    await new Promise((resolve) => demo.once('exit', resolve));
  });
});
