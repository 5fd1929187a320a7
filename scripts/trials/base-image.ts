import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run, succeeds } from './command.ts';
import type { ContainerEngine, Environment } from './container-engine.ts';

const DEBIAN = 'trixie';
/** What Node.js is linked with, as in the official image. */
const LIBRARIES = 'libstdc++6,libatomic1';
const OWN_BASE = 'localhost/node-on-debian:try';

export interface BaseImage {
  readonly name: string;
  readonly description: string;
}

/**
 * The image below the service's: that of the variable NODE_IMAGE, else that of the Dockerfile, else, where no registry can be
 * reached, one made of Debian's packages and of the Node.js that runs this.
 *
 * @throws Error if none can be had
 */
export async function baseImage(engine: ContainerEngine): Promise<BaseImage> {
  const chosen = process.env.NODE_IMAGE;
  if (chosen) return { name: chosen, description: `NODE_IMAGE, ${chosen}` };
  const dockerfile = await readFile('Dockerfile', 'utf8');
  const official = /(?<=^ARG NODE_IMAGE=).+$/m.exec(dockerfile)?.[0] ?? '';
  const { exitCode, stderr } = await engine.pull(official);
  if (exitCode === 0) return { name: official, description: official };
  console.log(`The base image cannot be pulled: ${stderr.trim().split('\n').at(-1)}`);
  if (process.getuid?.() !== 0 || !(await succeeds('debootstrap', ['--version']))) {
    throw new Error(
      'Name an image with Node.js 24 and npm in NODE_IMAGE, or run this as root with debootstrap.',
    );
  }
  console.log(`Making one of Debian ${DEBIAN} and Node.js ${process.version} ...`);
  await makeBase(engine);
  return { name: OWN_BASE, description: `Debian ${DEBIAN} with Node.js ${process.version}` };
}

async function makeBase(engine: ContainerEngine): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'base-image-'));
  const root = join(directory, 'root');
  try {
    await run('debootstrap', ['--variant=minbase', `--include=${LIBRARIES}`, DEBIAN, root]);
    await rm(join(root, 'var/cache/apt'), { recursive: true });
    await rm(join(root, 'var/lib/apt/lists'), { recursive: true });
    await run('chroot', [root, '/usr/sbin/useradd', '--uid=1000', '--create-home', 'node']);
    await addNode(root);
    const certificates = await addCertificates(root);
    const archive = join(directory, 'root.tar');
    await run('tar', ['--create', `--file=${archive}`, `--directory=${root}`, '.']);
    await engine.importFiles(archive, OWN_BASE, certificates);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Copies the Node.js that runs this, and its npm. */
async function addNode(root: string): Promise<void> {
  const npm = process.env.npm_execpath;
  if (!npm) throw new Error('Start this by: npm run image:try');
  await cp(process.execPath, join(root, 'usr/local/bin/node'), { dereference: true });
  const packages = join(root, 'usr/local/lib/node_modules');
  await mkdir(packages, { recursive: true });
  await cp(join(dirname(npm), '..'), join(packages, 'npm'), { recursive: true });
  for (const name of ['npm', 'npx']) {
    const program = `../lib/node_modules/npm/bin/${name}-cli.js`;
    await symlink(program, join(root, 'usr/local/bin', name));
  }
}

/** Copies the authorities that this machine has besides those of Node.js. @returns the variable that makes Node.js read them */
async function addCertificates(root: string): Promise<Environment> {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (!file) return {};
  const path = '/etc/ssl/certs/of-the-machine.pem';
  await mkdir(join(root, dirname(path)), { recursive: true });
  await cp(file, join(root, path), { dereference: true });
  return { NODE_EXTRA_CA_CERTS: path };
}
