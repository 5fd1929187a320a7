import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SAMPLE_NODES as ID, SAMPLE_USERS } from './sample-nodes.ts';
import { startSandbox } from './sandbox.ts';
import { AUTHENTICATION, TestClient, until } from './testing/test-client.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const directories = (parent: string): string[] =>
  readdirSync(parent).filter((name) => name.startsWith('alfresco-sandbox-'));

/** Node.js's compile cache, so that the command line is compiled once for all tests. */
let cache: string;

const run = (...args: string[]) => {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  return {
    child,
    stdout: text(child.stdout),
    stderr: text(child.stderr),
    exit: once(child, 'exit'),
  };
};

describe('a sandbox', () => {
  it('shares nothing with others in the same process', async () => {
    const [one, other] = await Promise.all([startSandbox(), startSandbox({ maxContentSize: 1 })]);
    try {
      const [client, otherClient] = [new TestClient(one), new TestClient(other)];
      one.fail({ kind: 'empty', status: 500 }, { path: /live/ });
      expect((await otherClient.call('GET', '/probes/-live-')).status).toBe(200);
      await client.waitFor(await client.create([ID.textFile]), 'DONE');
      await otherClient.waitFor(
        await otherClient.create([ID.textFile]),
        'MAX_CONTENT_SIZE_EXCEEDED',
      );
      expect(one.downloadIds()).not.toEqual(other.downloadIds());
      expect(one.url).not.toBe(other.url);
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });

  it('closes at once in spite of jobs, hanging requests and idle sockets, and may be closed twice', async () => {
    const sandbox = await startSandbox({ bytesPerSecond: 0, estimateDelayMs: 0 });
    const client = new TestClient(sandbox);
    const ids = await Promise.all(Array.from({ length: 10 }, () => client.create([ID.mediumFile])));
    await client.waitFor(ids[0] ?? '', 'IN_PROGRESS');
    sandbox.fail({ kind: 'hang' });
    sandbox.fail({ kind: 'stall-mid-body', afterBytes: 1 });
    const hanging = [
      client.call('GET', '/nodes/-root-'),
      client.call('GET', `/nodes/${ID.textFile}/content`),
    ];
    const settled = Promise.allSettled(hanging);
    const idle = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    await once(idle, 'connect');
    await until(() => sandbox.activeResponses === 1);
    await Promise.all([sandbox.close(), sandbox.close()]);
    expect(sandbox.openConnections).toBe(0);
    expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
    idle.destroy();
  });

  it('removes the ZIP of a deleted download, and its directory in the end', async () => {
    // A temporary folder without the directories of other sandboxes, which come and go meanwhile.
    const parent = mkdtempSync(join(tmpdir(), 'sandbox-parent-'));
    vi.stubEnv('TMPDIR', parent);
    const sandbox = await startSandbox({ estimateDelayMs: 0 });
    vi.unstubAllEnvs();
    const [own = ''] = directories(parent);
    const client = new TestClient(sandbox);
    const id = await client.create([ID.textFile]);
    await client.waitFor(id, 'DONE');
    expect(readdirSync(join(parent, own))).toEqual([`${id}.zip`]);
    await client.call('DELETE', `/nodes/${id}`);
    await until(() => readdirSync(join(parent, own)).length === 0);
    await client.waitFor(await client.create([ID.textFile]), 'DONE');
    await sandbox.close();
    expect(directories(parent)).not.toContain(own);
    rmSync(parent, { recursive: true });
  });

  it('rejects and leaves nothing behind when its port is taken', async () => {
    const sandbox = await startSandbox();
    try {
      const port = Number(new URL(sandbox.url).port);
      await expect(startSandbox({ port })).rejects.toThrow('EADDRINUSE');
    } finally {
      await sandbox.close();
    }
  });

  it('records each request and logs a line without its ticket', async () => {
    const lines: string[] = [];
    const sandbox = await startSandbox({ log: (line) => lines.push(line) });
    try {
      const client = new TestClient(sandbox);
      await client.call('GET', '/nodes/-root-?alf_ticket=TICKET_secret');
      await client.call('POST', '/tickets', { api: AUTHENTICATION, body: 'x'.repeat(100_000) });
      await until(() => lines.length === 2);
      expect(lines[0]).toMatch(/^GET \/alfresco\/.*\?alf_ticket=\*\*\* 200 \d+ B \d+ ms alice$/);
      expect(sandbox.requests[1]?.body).toHaveLength(65_536);
      expect(sandbox.requests[0]).toMatchObject({ aborted: false, user: 'alice', status: 200 });
      expect(sandbox.requests[0]?.rawHeaders).toContain('host');
    } finally {
      await sandbox.close();
    }
  });

  it('can start a download under a given id', async () => {
    const sandbox = await startSandbox({ estimateDelayMs: 0 });
    try {
      const client = new TestClient(sandbox);
      const id = '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f';
      expect(sandbox.addDownload('alice', [ID.textFile], id)).toBe(id);
      expect((await client.waitFor(id, 'DONE')).filesAdded).toBe(1);
      expect((await client.call('GET', `/downloads/${id}`, { user: 'bob' })).status).toBe(403);
      expect(() => sandbox.addDownload('alice', [ID.textFile], id)).toThrow('exists');
      expect(() => sandbox.addDownload('alice', ['nope'])).toThrow('404');
    } finally {
      await sandbox.close();
    }
  });

  it('knows only the users it is given', async () => {
    const sandbox = await startSandbox({ users: [{ id: 'alice', password: 'other' }] });
    try {
      expect((await new TestClient(sandbox).call('GET', '/nodes/-root-')).status).toBe(401);
    } finally {
      await sandbox.close();
    }
  });
});

describe('the README', () => {
  it('lists every sample node and user correctly', () => {
    const readme = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
    for (const [name, id] of Object.entries(ID))
      expect(readme).toMatch(new RegExp(`\`${name}\` +\\| \`${id}\``));
    for (const { id, password } of SAMPLE_USERS)
      expect(readme).toMatch(new RegExp(`\`${id}\` +\\| \`${password}\``));
  });
});

describe('the command line', () => {
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), 'sandbox-compiled-'));
  });
  afterAll(() => rmSync(cache, { recursive: true }));

  it('explains itself', async () => {
    const { stdout, exit } = run('--help');
    expect(await stdout).toContain('--bytes-per-second');
    expect((await exit)[0]).toBe(0);
  });

  it.each([
    ['--nothing'],
    ['--port', 'x'],
    ['--port', '70000'],
    ['--bytes-per-second', '-1'],
    ['stray'],
  ])('refuses %s with one line and exit code 2', async (...args) => {
    const { stderr, exit } = run(...args);
    expect(await stderr).toMatch(/^[^\n]+\n$/);
    expect((await exit)[0]).toBe(2);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'prints its address, users and nodes, and stops cleanly on %s',
    async (signal) => {
      const { child, stdout, stderr, exit } = run('--large-file-bytes', '1000');
      await once(child.stdout, 'data');
      child.kill(signal);
      expect((await exit)[0]).toBe(0);
      expect(await stderr).toBe('');
      const output = await stdout;
      expect(output).toMatch(/^Stand-in Alfresco: http:\/\/127\.0\.0\.1:\d+\/alfresco$/m);
      for (const { id } of SAMPLE_USERS) expect(output).toContain(id);
      for (const id of Object.values(ID)) expect(output).toContain(id);
    },
  );
});
