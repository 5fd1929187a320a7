import { chown, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import type { ContainerOptions } from './container-engine.ts';

/** What a Dockerfile says of running its image, in the names that the image has for it. */
export interface ImageConfiguration {
  /** User and group by number. */
  readonly User: string;
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  /** Only in Docker's format. The times are in nanoseconds. */
  readonly Healthcheck?: {
    readonly Test: readonly string[];
    readonly Interval?: number;
    readonly Timeout?: number;
    readonly Retries?: number;
  };
}

/** The parts of runc's configuration that the trial sets. */
interface Specification {
  process: object;
  readonly mounts: object[];
  readonly linux: { namespaces: { readonly type: string }[] };
  root: object;
}

/** Writes into a folder what runc needs to run the image as deploy/README.md says. */
export async function makeBundle(
  directory: string,
  image: ImageConfiguration,
  root: string,
  { environment, volume, mount }: ContainerOptions,
): Promise<void> {
  // The usual mounts, namespaces and masked paths, a read-only root, and no new privileges.
  await run('runc', ['spec', '--bundle', directory]);
  const path = join(directory, 'config.json');
  const specification = JSON.parse(await readFile(path, 'utf8')) as Specification;
  specification.root = { path: root, readonly: true };
  specification.process = processOf(image, environment);
  specification.mounts.push(
    bind(await makeVolume(directory, join(root, volume)), volume, 'rw'),
    bind(mount.source, mount.folder, 'ro'),
  );
  // As the other engines with --network=host.
  const { linux } = specification;
  linux.namespaces = linux.namespaces.filter(({ type }) => type !== 'network');
  await writeFile(path, JSON.stringify(specification));
}

function processOf(image: ImageConfiguration, environment: ContainerOptions['environment']) {
  const [uid, gid] = image.User.split(':').map(Number);
  return {
    user: { uid, gid },
    args: [...image.Entrypoint, ...image.Cmd],
    // Of two values of a variable, runc takes the last.
    env: [...image.Env, ...Object.entries(environment).map(([key, value]) => `${key}=${value}`)],
    cwd: image.WorkingDir,
    capabilities: { bounding: [], effective: [], permitted: [], ambient: [] },
    noNewPrivileges: true,
  };
}

/** An empty folder with the owner of the one that it is mounted over, as Docker does it. */
async function makeVolume(directory: string, folder: string): Promise<string> {
  const source = join(directory, 'volume');
  const { uid, gid } = await stat(folder);
  await mkdir(source);
  await chown(source, uid, gid);
  return source;
}

function bind(source: string, destination: string, mode: 'ro' | 'rw'): object {
  return { type: 'bind', source, destination, options: ['bind', mode] };
}
