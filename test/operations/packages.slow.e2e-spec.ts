import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { CALLERS, basic } from '../harness/callers.js';
import { packInto, packWorkspace } from '../harness/packed.js';
import { ServiceProcess } from '../harness/service-process.js';
import { readZip } from '../harness/zip.js';

const PACKAGES = ['alfresco-downloads-bff', 'alfresco-downloads-client', 'alfresco-sandbox'];

/** The oldest Node.js for which the client and the stand-in are made. */
const OLD_NODE = `node-${process.platform}-${process.arch}`;
const OLD_NODE_MAJOR = 20;

/** Makes a ZIP and saves it, as a program that has the client installed. */
const SAVE_ZIP = `
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { DownloadsClient } from 'alfresco-downloads-client';

const [, , baseUrl, authorization, nodeId, file] = process.argv;
const client = new DownloadsClient({ baseUrl, authorization });
const { id } = await client.create([nodeId]);
let last;
for await (const event of client.watch(id)) last = event.type;
const { contentUrl } = await client.link(id);
const { body } = await fetch(contentUrl);
await pipeline(body, createWriteStream(file));
console.log(last, await client.archiveName(id));
await client.remove(id);
`;

let tarballs: Record<string, string>;
let directory: string;
/** An empty folder, but for what is installed in it. */
let project: string;
let oldNode: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'packages-'));
  const [service = '', ...workspaces] = PACKAGES;
  tarballs = { [service]: packInto(directory) };
  for (const name of workspaces) tarballs[name] = packWorkspace(name, directory);
  project = join(directory, 'project');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"private":true,"type":"module"}');
  await writeFile(join(project, 'save-zip.js'), SAVE_ZIP);
  install(project, ...Object.values(tarballs));
  // Apart, since its program would be the `node` of everything beside it.
  const older = join(directory, 'older');
  await mkdir(older);
  install(older, `${OLD_NODE}@${OLD_NODE_MAJOR}`);
  oldNode = join(older, 'node_modules', OLD_NODE, 'bin');
}, 300_000);
afterAll(() => rm(directory, { recursive: true }));

/** Installs packages with npm. */
function install(folder: string, ...packages: readonly string[]): void {
  const options = ['--prefix', folder, '--prefer-offline', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...options, ...packages], { cwd: folder, stdio: 'ignore' });
}

/** Runs a program of the repository, or npm, to its end. */
function check(program: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: {
      ...process.env,
      NO_COLOR: '1',
      PATH: [join('node_modules', '.bin'), process.env.PATH].join(delimiter),
    },
  });
  return { status, output: stdout + stderr };
}

/** A program of an installed package, as `npx` starts it. It leads a process group, since npm does not pass signals on. */
const npx = (name: string) =>
  ['setsid', 'npm', 'exec', '--offline', '--prefix', project, '--', name] as const;

/** Starts the installed stand-in, and returns its address. */
async function startSandbox(path = process.env.PATH) {
  const [program, ...args] = npx('alfresco-sandbox');
  const child = spawn(program, [...args, '--port', '0', '--quiet'], {
    cwd: project,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { url: /http:\S+\/alfresco/.exec(line)![0], child };
}

/** Ends the program that `npx` has started, as Ctrl+C in a terminal does. */
async function stop(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  process.kill(-child.pid!, 'SIGINT');
  await closed;
}

describe.each(PACKAGES)('the package %s', (name) => {
  it('can be imported and has its types, according to publint', () => {
    const { status, output } = check('publint', '--strict', tarballs[name]!);
    expect(output).toContain('All good!');
    expect(status).toBe(0);
  });

  it('has types that match its modules, according to Are The Types Wrong', () => {
    // Otherwise the terminal's width decides between lines and a table.
    const options = ['--profile', 'esm-only', '--format', 'ascii'];
    const { status, output } = check('attw', ...options, tarballs[name]!);
    expect(output).toContain('node16 (from ESM): 🟢 (ESM)');
    expect(status).toBe(0);
  });

  it('can be published, for everyone to install', () => {
    // `.npmrc` would hide the warnings.
    const options = ['--dry-run', '--loglevel', 'notice'];
    const { status, output } = check('npm', 'publish', ...options, tarballs[name]!);
    expect(output).toContain('with tag latest and public access (dry-run)');
    // Nobody is logged in where tests run.
    expect(output.replace(/npm warn publish This command requires you.*/, '')).not.toMatch(
      /npm (?:warn|error)/,
    );
    expect(status).toBe(0);
  });

  it('has its license, its changes and its description', () => {
    const installed = join(project, 'node_modules', name);
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync('LICENSE', 'utf8'));
    expect(readFileSync(join(installed, 'README.md'), 'utf8')).toContain(`# ${name}`);
    expect(readFileSync(join(installed, 'CHANGELOG.md'), 'utf8')).toContain('# Changelog');
  });
});

describe('the installed client', () => {
  it('has at most 6 kB when compressed, in one file, and no dependency', () => {
    const installed = join(project, 'node_modules/alfresco-downloads-client');
    const built = readFileSync(join(installed, 'dist/index.js'));
    expect(gzipSync(built).length).toBeLessThanOrEqual(6000);
    expect(built.toString()).not.toMatch(/\b(?:import|from)\s*\(?["']/);
    const description = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as object;
    expect(description).not.toHaveProperty('dependencies');
  });

  it('has at most 12 kB with its element, which finds the client without a bundler', () => {
    const built = ['index', 'element'].map((name) =>
      readFileSync(join(project, `node_modules/alfresco-downloads-client/dist/${name}.js`)),
    );
    const sizes = built.map((module) => gzipSync(module).length);
    expect(sizes[0]! + sizes[1]!).toBeLessThanOrEqual(12_000);
    const imports = built[1]!.toString().matchAll(/\b(?:import|from)\s*\(?["'`]([^"'`]+)/g);
    expect(Array.from(imports, ([, path]) => path)).toEqual(['./index.js']);
  });

  it('can be imported with its element by Node.js, as by a server that renders pages', () => {
    const script = "await import('alfresco-downloads-client/element')";
    const options = ['--input-type=module', '--eval', script];
    expect(execFileSync(join(oldNode, 'node'), options, { cwd: project }).toString()).toBe('');
  });
});

describe('the packages, installed in an empty folder', { timeout: 120_000 }, () => {
  it.each([
    ['this Node.js', () => process.env.PATH],
    [`Node.js ${OLD_NODE_MAJOR}`, () => [oldNode, process.env.PATH].join(delimiter)],
  ])('start with npx, and save a ZIP: client and stand-in with %s', async (_title, pathOf) => {
    const path = pathOf();
    const sandbox = await startSandbox(path);
    let service: ServiceProcess | undefined;
    try {
      service = await ServiceProcess.start(sandbox.url, {}, npx('alfresco-downloads-bff'));
      const file = join(project, 'saved.zip');
      const user = basic(CALLERS.alice);
      const args = ['save-zip.js', service.url!, user, SAMPLE_NODES.projectsFolder, file];
      const { stdout } = await promisify(execFile)('node', args, {
        cwd: project,
        env: { ...process.env, PATH: path },
      });
      expect(stdout).toMatch(/^done .+\.zip\n$/);
      const names = (await readZip(await readFile(file))).map(({ name }) => name);
      expect(names.length).toBeGreaterThan(3);
    } finally {
      if (service) await stop(service.child);
      await stop(sandbox.child);
    }
  });
});
