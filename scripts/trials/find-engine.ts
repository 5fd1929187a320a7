import { Buildah } from './buildah.ts';
import { succeeds } from './command.ts';
import { type ContainerEngine, NoEngineError } from './container-engine.ts';
import { Docker } from './docker.ts';
import { Podman } from './podman.ts';

/** The first engine that can be used here. @throws NoEngineError with what to install */
export async function findEngine(): Promise<ContainerEngine> {
  // A client alone is not enough: `info` asks the daemon.
  if (await succeeds('docker', ['info'])) return new Docker();
  const hasRunc = await succeeds('runc', ['--version']);
  if (await succeeds('podman', ['info'])) return new Podman(hasRunc);
  // Others than root would have to mount in a namespace of their own.
  const isRoot = process.getuid?.() === 0;
  if (isRoot && hasRunc && (await succeeds('buildah', ['info']))) return new Buildah();
  throw new NoEngineError(
    'Neither Docker (with its daemon) nor Podman nor Buildah (by root, with runc) can be used here. ' +
      'Install one of them, such as: apt-get install podman runc',
  );
}
