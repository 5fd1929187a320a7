import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { CALLERS, users } from '../harness/bff.js';
import { LossyRelay } from '../harness/lossy-relay.js';
import { until } from '../harness/polling.js';
import { freePort } from '../harness/redis-server.js';
import { ServiceProcess } from '../harness/service-process.js';
import { needsTools } from '../harness/tools.js';
import { readZip } from '../harness/zip.js';

const SHELL_SCRIPT = resolve('examples/curl/save-zip.sh');
const TYPESCRIPT = resolve('examples/typescript/save-zip.ts');
const MICROSERVICE = resolve('examples/microservice/main.ts');

const USERS = users('alice');
const LOGIN = `${CALLERS.alice.name}:${CALLERS.alice.password}`;
const isCreation = (method: string, path: string) => method === 'POST' && path === '/downloads';
const isContent = (_method: string, path: string) => path.endsWith('/content');

let sandbox: Sandbox;
let directory: string;
let port: number;
let bff: ServiceProcess;
let relay: LossyRelay;

/** The service, always at the same address and with the same store. */
function startService(): Promise<ServiceProcess> {
  return ServiceProcess.start(sandbox.url, {
    PORT: String(port),
    STORE_URL: `sqlite:${join(directory, 'store', 'downloads.db')}`,
    USERS,
  });
}

beforeEach(async () => {
  sandbox = await startSandbox({ largeFileBytes: 5_000_000 });
  directory = await mkdtemp(join(tmpdir(), 'examples-'));
  port = await freePort();
  bff = await startService();
  relay = await LossyRelay.start(bff.url!);
});
afterEach(async () => {
  await relay.close();
  await bff.stop();
  await sandbox.close();
  await rm(directory, { recursive: true });
});

/** How the ZIP was asked for, each time. */
function transfers(): string[] {
  const asked = relay.heard.filter((it) => it.includes('/content'));
  return asked.map((it) => (/ bytes=[1-9]\d*-$/.test(it) ? 'rest' : 'whole'));
}

/** How often Alfresco was asked to make a ZIP. */
function zipsMade(): number {
  return sandbox.requests.filter(
    ({ method, url }) => method === 'POST' && url.endsWith('/downloads'),
  ).length;
}

interface Result {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end, in the directory of the test. */
async function run(command: string, args: readonly string[], login = LOGIN): Promise<Result> {
  const program = spawn(command, args, {
    cwd: directory,
    env: { PATH: process.env.PATH, DOWNLOADS_URL: relay.url, DOWNLOADS_USER: login },
  });
  let output = '';
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (chunk) => (output += String(chunk)));
  }
  const [code] = (await once(program, 'close')) as [number | null];
  return { code, output };
}

async function namesIn(file: string): Promise<string[]> {
  const entries = await readZip(await readFile(join(directory, file)));
  return entries.map(({ name }) => name);
}

function saveByShell(...ids: readonly string[]): Promise<Result> {
  return run('sh', [SHELL_SCRIPT, 'out.zip', ...ids]);
}

function saveByProgram(ids: readonly string[], login?: string): Promise<Result> {
  return run(process.execPath, [TYPESCRIPT, ...ids], login);
}

describe('the example for the shell', { timeout: 60_000 }, () => {
  beforeEach((context) => needsTools(context, 'curl', 'unzip', 'sh'));

  it('saves a ZIP, and leaves nothing in Alfresco', async () => {
    const { code, output } = await saveByShell(SAMPLE_NODES.nestedFolder, SAMPLE_NODES.textFile);
    expect(output).toContain('No errors detected');
    expect(code).toBe(0);
    const shell = await run('unzip', ['-p', 'out.zip', 'docTest1.txt']);
    expect(shell.output).toHaveLength(13);
    expect(await namesIn('out.zip')).toContain('folder1/subFolder1/docTest4.txt');
    expect(sandbox.downloadIds()).toEqual([]);
  });

  it('makes one ZIP when the answer to its request is lost', async () => {
    relay.loseOnce(isCreation);
    const { code } = await saveByShell(SAMPLE_NODES.nestedFolder);
    expect(code).toBe(0);
    expect(relay.heard.filter((it) => it === 'POST /downloads')).toHaveLength(2);
    expect(zipsMade()).toBe(1);
  });

  it('goes on where a transfer broke off', async () => {
    relay.loseOnce(isContent, 2_000_000);
    const { code } = await saveByShell(SAMPLE_NODES.largeFile);
    expect(code).toBe(0);
    const [large] = await readZip(await readFile(join(directory, 'out.zip')));
    expect(large!.bytes).toHaveLength(5_000_000);
    expect(transfers()).toEqual(['whole', 'rest']);
  });

  it.each([
    [SAMPLE_NODES.forbiddenFile, 3, 'NODE_FORBIDDEN'],
    ['not/an/id', 3, 'VALIDATION_FAILED'],
  ])('says why there is no ZIP of %s', async (id, expected, name) => {
    const { code, output } = await saveByShell(id);
    expect(output).toContain(name);
    expect(code).toBe(expected);
  });

  it('says that the password is wrong', async () => {
    const args = [SHELL_SCRIPT, 'out.zip', SAMPLE_NODES.textFile];
    const { code, output } = await run('sh', args, 'alice:wrong"\\');
    expect(output).toContain('UNAUTHENTICATED');
    expect(code).toBe(4);
  });
});

describe('the example in TypeScript', { timeout: 60_000 }, () => {
  it('saves a ZIP under its name, and leaves nothing in Alfresco', async () => {
    const { code, output } = await saveByProgram([SAMPLE_NODES.nestedFolder]);
    expect(output).toMatch(/DONE 26 of 26 bytes\nsaved .*folder1\.zip\n$/);
    expect(code).toBe(0);
    expect(await namesIn('folder1.zip')).toContain('folder1/subFolder1/docTest4.txt');
    expect(await readdir(directory)).not.toContainEqual(expect.stringMatching(/\.part$/));
    expect(sandbox.downloadIds()).toEqual([]);
  });

  it('makes one ZIP when the answer to its request is lost', async () => {
    relay.loseOnce(isCreation);
    expect((await saveByProgram([SAMPLE_NODES.textFile])).code).toBe(0);
    expect(relay.heard.filter((it) => it === 'POST /downloads')).toHaveLength(2);
    expect(zipsMade()).toBe(1);
  });

  it('goes on where a transfer broke off', async () => {
    relay.loseOnce(isContent, 2_000_000);
    expect((await saveByProgram([SAMPLE_NODES.largeFile])).code).toBe(0);
    const [large] = await readZip(await readFile(join(directory, 'large.bin.zip')));
    expect(large!.bytes).toHaveLength(5_000_000);
    expect(transfers()).toEqual(['whole', 'rest']);
  });

  it.each([
    [SAMPLE_NODES.forbiddenFile, 'One of the documents is not there'],
    [SAMPLE_NODES.archivedFile, 'in cold storage'],
    ['not/an/id', 'VALIDATION_FAILED'],
  ])('says why there is no ZIP of %s', async (id, text) => {
    const { code, output } = await saveByProgram([id]);
    expect(output).toContain(text);
    expect(code).toBe(1);
  });

  it('says that the password is wrong', async () => {
    const { output } = await saveByProgram([SAMPLE_NODES.textFile], 'alice:wrong');
    expect(output).toBe('Wrong name or password (DOWNLOADS_USER).\n');
  });
});

interface Export {
  readonly id: string;
  readonly state: string;
  readonly percent: number;
  readonly contentUrl?: string;
  readonly failure?: string;
}

/** What the user of the microservice has in the end. */
async function zipOf({ contentUrl }: Export): Promise<string[]> {
  const answer = await fetch(contentUrl!);
  expect(answer.status).toBe(200);
  const entries = await readZip(Buffer.from(await answer.arrayBuffer()));
  return entries.map(({ name }) => name);
}

describe('the example of a microservice', { timeout: 60_000 }, () => {
  let service: { readonly url: string; readonly process: ChildProcess };

  async function startExports(): Promise<void> {
    const program = spawn(process.execPath, [MICROSERVICE], {
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        EXPORTS_DIRECTORY: join(directory, 'exports'),
        DOWNLOADS_URL: relay.url,
        DOWNLOADS_USER: LOGIN,
      },
    });
    let output = '';
    program.stderr.on('data', (chunk) => (output += String(chunk)));
    program.stdout.on('data', (chunk) => (output += String(chunk)));
    const urlIn = () => /listens on (\S+)/.exec(output)?.[1];
    await until(urlIn, (url) => url !== undefined || program.exitCode !== null);
    if (!urlIn()) throw new Error(`it did not start: ${output}`);
    service = { url: urlIn()!, process: program };
  }

  async function stopExports(signal: NodeJS.Signals): Promise<void> {
    service.process.kill(signal);
    await once(service.process, 'exit');
  }

  beforeEach(startExports);
  afterEach(() => stopExports('SIGTERM'));

  async function order(...nodeIds: string[]): Promise<string> {
    const answer = await fetch(`${service.url}/exports`, {
      method: 'POST',
      body: JSON.stringify({ nodeIds }),
    });
    expect(answer.status).toBe(202);
    return answer.headers.get('location')!;
  }

  async function look(location: string): Promise<Export> {
    return (await (await fetch(service.url + location)).json()) as Export;
  }

  const ended = (location: string) =>
    until(
      () => look(location),
      ({ state }) => state !== 'making',
      { forMs: 30_000 },
    );

  it('hands out a link that needs no credentials', async () => {
    const location = await order(SAMPLE_NODES.nestedFolder);
    const done = await ended(location);
    expect(done).toMatchObject({ state: 'ready', percent: 100 });
    expect(await zipOf(done)).toContain('folder1/subFolder1/docTest4.txt');
    expect(new URL(done.contentUrl!).searchParams.get('link')).toMatch(/\S/);
  });

  it('makes one ZIP when the answer to its request is lost', async () => {
    relay.loseOnce(isCreation);
    const done = await ended(await order(SAMPLE_NODES.nestedFolder));
    expect(done.state).toBe('ready');
    expect(relay.heard.filter((it) => it === 'POST /downloads')).toHaveLength(2);
    expect(zipsMade()).toBe(1);
    expect(sandbox.downloadIds()).toHaveLength(1);
  });

  it('goes on when the downloads service is killed in the middle and comes back', async () => {
    sandbox.bytesPerSecond = 0;
    const location = await order(SAMPLE_NODES.largeFile);
    await until(
      () => relay.heard.filter((it) => it.startsWith('GET /downloads/')).length,
      (looks) => looks > 0,
    );
    bff.child.kill('SIGKILL');
    await bff.exit();
    sandbox.bytesPerSecond = undefined;
    expect((await look(location)).state).toBe('making');
    bff = await startService();
    const done = await ended(location);
    expect(done.state).toBe('ready');
    expect(await zipOf(done)).toEqual(['large.bin']);
    expect(zipsMade()).toBe(1);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'goes on with what it was making after its own %s',
    async (signal) => {
      sandbox.bytesPerSecond = 0;
      const location = await order(SAMPLE_NODES.largeFile);
      await until(zipsMade, (count) => count === 1);
      await stopExports(signal);
      sandbox.bytesPerSecond = undefined;
      await startExports();
      const done = await ended(location);
      expect(await zipOf(done)).toEqual(['large.bin']);
      expect(zipsMade()).toBe(1);
    },
  );

  it('tells why an export has failed', async () => {
    const failed = await ended(await order(SAMPLE_NODES.forbiddenFile));
    expect(failed).toMatchObject({ state: 'failed', failure: 'NODE_FORBIDDEN' });
  });

  it('tells that Alfresco has removed the ZIP', async () => {
    const location = await order(SAMPLE_NODES.textFile);
    await ended(location);
    const [id] = sandbox.downloadIds();
    await fetch(`${relay.url}/nodes/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Basic ${Buffer.from(LOGIN).toString('base64')}` },
    });
    expect(await look(location)).toMatchObject({ state: 'expired' });
  });
});
