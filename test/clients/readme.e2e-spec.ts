import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { DemoCheckout, DemoProcess } from '../harness/demo-process.js';
import { LoginClient } from '../harness/login-client.js';
import { requirePrograms } from '../harness/programs.js';

const README_ORIGIN = 'http://127.0.0.1:3000';
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** No process has this id: it exceeds the maximum of Linux and macOS. */
const ENDED_PID = 99_999_999;
/** The folder of another demo that still runs: its id is that of a live process. */
const OTHER_DEMO = `.build/demo-${process.pid}`;
const MARKER = 'as it was';

/** One demo for all tests, since building it takes longer than the tests. */
const it = test
  .extend('checkout', { scope: 'file' }, async ({}, { onCleanup }) => {
    const checkout = await DemoCheckout.make();
    onCleanup(() => checkout.remove());
    const folders = ['dist', OTHER_DEMO, `.build/demo-${ENDED_PID}`];
    for (const folder of folders.map((name) => join(checkout.directory, name))) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'main.js'), MARKER);
    }
    return checkout;
  })
  .extend('demo', { scope: 'file' }, async ({ checkout }, { onCleanup }) => {
    const demo = await DemoProcess.start(checkout);
    onCleanup(async () => void (await demo.stop()));
    return demo;
  })
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = await mkdtemp(join(tmpdir(), 'readme-'));
    onCleanup(() => rm(directory, { recursive: true }));
    return directory;
  });
it.beforeAll(({ demo }) => void demo, 240_000);

const isCommand = (line: string) => line.startsWith('$ ') || line.startsWith('    ');

/** Commands and their output, from the `console` blocks of a document; an indented line continues a command. */
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
  it.for([
    ['README.md', 8],
    ['docs/integration.md', 4],
  ] as const)(
    'prints what the document shows: %s',
    { timeout: 60_000 },
    async ([document, calls], { demo, directory, skip }) => {
      requirePrograms({ skip }, 'curl', 'unzip', 'bash');
      const { script, output } = transcript(await readFile(document, 'utf8'));
      expect(script.match(/curl /g)!.length).toBeGreaterThanOrEqual(calls);
      const shell = spawn(
        'bash',
        ['-euo', 'pipefail', '-c', script.replaceAll(README_ORIGIN, demo.url)],
        { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let printed = '';
      shell.stdout.on('data', (chunk) => (printed += String(chunk)));
      const code = await new Promise((resolve) => shell.once('close', resolve));
      expect(withoutIds(printed)).toBe(withoutIds(output));
      expect(code).toBe(0);
    },
  );
});

describe('npm run demo', () => {
  it('builds into a separate folder, and leaves dist/ and other running demos alone', async ({
    checkout: { directory },
    demo,
  }) => {
    const builds = await readdir(join(directory, '.build'));
    expect(builds.toSorted()).toEqual([`demo-${demo.pid}`, `demo-${process.pid}`].toSorted());
    for (const folder of ['dist', OTHER_DEMO]) {
      expect(await readdir(join(directory, folder)), folder).toEqual(['main.js']);
      expect(await readFile(join(directory, folder, 'main.js'), 'utf8'), folder).toBe(MARKER);
    }
  });

  it('prints its greeting and nothing else, also when someone logs in and out at its provider', async ({
    demo,
  }) => {
    const service = /from a second service: (\S+)/.exec(demo.stdout)![1]!;
    const browser = new LoginClient(service);
    expect((await browser.logIn('alice', 'alice')).status).toBe(303);
    const init = { method: 'POST', headers: { 'x-requested-with': 'XMLHttpRequest' } };
    const { logoutUrl } = (await (await browser.fetch('/auth/logout', init)).json()) as {
      logoutUrl: string;
    };
    for (const path of ['/session/end', '/session/end/success', '/auth?client_id=unknown']) {
      await browser.fetch(new URL(path, logoutUrl));
    }
    expect(demo.stderr).toBe('');
    expect(demo.stdout).toMatch(
      /^Building the service .+\n\n {2}Page [^]+\nStop with Ctrl\+C\.\n\n$/,
    );
    expect(demo.stdout).not.toMatch(/oidc-provider|NOTICE|WARN/);
  });

  it.for([
    ['NODE_ENV=production', { NODE_ENV: 'production' }],
    ['an ALFRESCO_URL', { ALFRESCO_URL: 'https://acs.example.com/alfresco' }],
  ] as const)('never starts its stand-in with %s', async ([, variables], { checkout }) => {
    const refused = DemoProcess.spawn(checkout, { PORT: '0', ...variables });
    expect(await refused.exit()).toBe(1);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toMatch(/^The demo does not start: .+\n$/);
  });

  it('reports a port in use before it builds anything', async ({ checkout, demo }) => {
    const builds = () => readdir(join(checkout.directory, '.build'));
    const before = await builds();
    const port = Number(new URL(demo.url).port);
    const second = DemoProcess.spawn(checkout, { PORT: String(port) });
    expect(await second.exit()).toBe(1);
    expect(second.stdout).toBe('');
    expect(second.stderr).toBe(
      `Port ${port} is in use; choose another one: PORT=${port + 1} npm run demo\n`,
    );
    expect(await builds()).toEqual(before);
    expect((await fetch(demo.url)).status).toBe(200);
  });

  it('removes its build when it is stopped', async ({ checkout, demo }) => {
    expect(await demo.stop()).toBe(0);
    const builds = await readdir(join(checkout.directory, '.build'));
    expect(builds).toEqual([`demo-${process.pid}`]);
  });
});
