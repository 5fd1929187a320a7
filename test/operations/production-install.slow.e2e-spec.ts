import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { DownloadsApi } from '../harness/api.js';
import { execForm, filesOf, readStages, textsOf } from '../harness/dockerfile.js';
import { it } from '../harness/fixtures.js';
import { BUILT_SERVICE, ServiceProcess } from '../harness/service-process.js';

const isRoot = process.getuid?.() === 0;
/** Whether processes can have a separate mount namespace, as in a container. */
const canMount = isRoot && spawnSync('unshare', ['-m', 'true'], { stdio: 'ignore' }).status === 0;

let directory: string;
/** Of the image: `uid:gid`, the command, and the folder of its volume. */
let user: string;
let command: string[];
let volume: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'production-'));
  await chmod(directory, 0o755);
  // A copy, since the user of the image has no access to the folder of the user that runs the tests.
  await copyFile(process.execPath, join(directory, 'node'));
  const stages = await readStages();
  const image = stages.at(-1)!;
  for (const [to, from] of filesOf(image)) {
    const source = from.replace(/^\/app\/dist\b/, BUILT_SERVICE).replace(/^\/app\//, '');
    const target = to === './' ? from : to;
    await cp(source, join(directory, target), { recursive: true });
  }
  const execs = ['ENTRYPOINT', 'CMD', 'VOLUME'].map((name) => execForm(textsOf(image, name)[0]!));
  user = textsOf(image, 'USER')[0]!;
  command = [...execs[0]!, ...execs[1]!].map((word) => join(directory, word));
  volume = join(directory, basename(execs[2]![0]!));
  await mkdir(volume);
}, 120_000);
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/**
 * Starts the service as the user of the image (unless this process is unprivileged itself), with write access to the
 * volume only: on a read-only file system where one can be mounted, else with Node's permission model.
 */
function confined(): string[] {
  const [uid, gid] = user.split(':');
  const unprivileged = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const noWriting = ['--permission', '--allow-fs-read=*', '--allow-addons'];
  const [node, ...main] = command;
  const start = [...(isRoot ? unprivileged : []), node!, ...(canMount ? [] : noWriting), ...main];
  const mount = `
    mount --make-rprivate /
    mount --bind "${directory}" "${directory}"
    for mount in "${directory}" /; do mount -o remount,bind,ro "$mount"; done
    mount -t tmpfs -o uid=${uid},gid=${gid},mode=755 data "${volume}"
    cd "${directory}"
    exec "$@"`;
  return canMount ? ['unshare', '-m', 'sh', '-euc', mount, 'sh', ...start] : start;
}

describe('an installation as in the Dockerfile', () => {
  it('has no package that is for development only', async () => {
    const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
      packages: Record<string, { dev?: boolean }>;
    };
    const ofDevelopment = Object.keys(packages).filter((path) => packages[path]!.dev);
    expect(ofDevelopment.length).toBeGreaterThan(50);
    expect(existsSync(join(directory, 'node_modules/bcrypt'))).toBe(true);
    expect(ofDevelopment.filter((path) => existsSync(join(directory, path)))).toEqual([]);
  });

  it('runs as an unprivileged user, and writes to nothing but its volume', async ({
    runningSandbox,
  }) => {
    const before = await readdir(directory);
    // The volume is writable, and is the default folder.
    const store: Record<string, string> = canMount ? { STORE_URL: '' } : {};
    const service = await ServiceProcess.start(runningSandbox.url, store, confined());
    const { pid } = service.child;
    if (isRoot) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(new RegExp(`^Uid:\\s+${user.split(':')[0]}\\s`, 'm'));
    }
    if (canMount) {
      const mounts = await readFile(`/proc/${pid}/mountinfo`, 'utf8');
      for (const mount of ['/', directory]) expect(mounts).toContain(` ${mount} ro,`);
    }
    const api = DownloadsApi.ofBff(service.url!);
    const id = await api.createFinished([SAMPLE_NODES.projectsFolder]);
    expect((await api.content(id)).length).toBeGreaterThan(300_000);
    for (const path of ['/health/ready', '/metrics', '/docs', '/docs/swagger-ui-bundle.js']) {
      expect((await fetch(service.url! + path)).status).toBe(200);
    }
    if (canMount) expect(await readdir(`/proc/${pid}/root${volume}`)).toContain('downloads.db');
    expect(await service.stop()).toBe(0);
    expect(await readdir(directory)).toEqual(before);
    expect(await readdir(volume)).toEqual([]);
  });
});
