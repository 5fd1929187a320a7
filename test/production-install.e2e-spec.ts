import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAMPLE_NODES } from '../sandbox/sample-nodes.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { DownloadsApi } from './harness/api.js';
import { ServiceProcess } from './harness/service.process.js';

const NOBODY = '65534';

const isRoot = process.getuid?.() === 0;
/** Whether a process can be given a file system of its own, as a container has it. */
const canMount = isRoot && spawnSync('unshare', ['-m', 'true'], { stdio: 'ignore' }).status === 0;

let directory: string;
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
  directory = await mkdtemp(join(tmpdir(), 'production-'));
  await chmod(directory, 0o755);
  for (const name of ['package.json', 'package-lock.json', 'dist']) {
    await cp(name, join(directory, name), { recursive: true });
  }
  // Of its own, since not everyone may enter the folder of the one that runs the tests.
  await copyFile(process.execPath, join(directory, 'node'));
  const { status, stderr } = spawnSync('npm', ['ci', '--omit=dev', '--prefer-offline'], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}, 120_000);
afterAll(async () => {
  await sandbox.close();
  await rm(directory, { recursive: true });
});

/**
 * Starts the service as nobody, if this is not somebody without rights anyhow, and with nothing to write to: a read-only
 * file system where one can be mounted, else Node's own permissions.
 */
function confined(): string[] {
  const unprivileged = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const noWriting = ['--permission', '--allow-fs-read=*', '--allow-addons'];
  const start = [
    ...(isRoot ? unprivileged : []),
    join(directory, 'node'),
    ...(canMount ? [] : noWriting),
    join(directory, 'dist/main.js'),
  ];
  const mount = `
    mount --make-rprivate /
    mount --bind "${directory}" "${directory}"
    for place in "${directory}" /; do mount -o remount,bind,ro "$place"; done
    exec "$@"`;
  return canMount ? ['unshare', '-m', 'sh', '-euc', mount, 'sh', ...start] : start;
}

describe('npm ci --omit=dev', () => {
  it('installs no package that is for development only', async () => {
    const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    const ofDevelopment = Object.keys(packages).filter((path) => packages[path]!.dev);
    expect(ofDevelopment.length).toBeGreaterThan(50);
    expect(ofDevelopment.filter((path) => existsSync(join(directory, path)))).toEqual([]);
  });

  it('runs as a user without rights, and without a file to write to', async () => {
    const before = await readdir(directory);
    const service = await ServiceProcess.start(sandbox.url, {}, confined());
    const { pid } = service.child;
    if (isRoot) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(new RegExp(`^Uid:\\s+${NOBODY}\\s`, 'm'));
    }
    if (canMount) {
      const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8');
      for (const place of ['/', directory]) expect(mounts).toContain(` ${place} ro,`);
    }
    const api = DownloadsApi.ofBff(service.url!);
    const id = await api.make([SAMPLE_NODES.projectsFolder]);
    expect((await api.content(id)).length).toBeGreaterThan(300_000);
    for (const path of ['/health/ready', '/metrics', '/docs', '/docs/swagger-ui-bundle.js']) {
      expect((await fetch(service.url! + path)).status).toBe(200);
    }
    expect(await service.stop()).toBe(0);
    expect(await readdir(directory)).toEqual(before);
  });
});
