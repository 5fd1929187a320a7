import { type Outcome, outcomeOf, run } from './command.ts';
import type {
  Container,
  ContainerEngine,
  ContainerOptions,
  Environment,
} from './container-engine.ts';
import type { ImageConfiguration } from './runc-bundle.ts';
import { RuncContainer } from './runc-container.ts';

/**
 * Buildah, which only builds. Its own `run` is for the steps of a Dockerfile: it has neither a background nor a read-only root, so
 * that runc runs the container, on files that Buildah mounts.
 */
export class Buildah implements ContainerEngine {
  readonly description = 'buildah and runc';

  pull(image: string): Promise<Outcome> {
    return outcomeOf('buildah', ['pull', image]);
  }

  async importFiles(archive: string, image: string, environment: Environment): Promise<void> {
    const container = await from('scratch');
    try {
      await run('buildah', ['add', '--quiet', container, archive, '/']);
      const variables = Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`);
      if (variables.length > 0) await run('buildah', ['config', ...variables, container]);
      await run('buildah', ['commit', '--quiet', container, image]);
    } finally {
      await remove(container);
    }
  }

  async build(image: string, base: string): Promise<void> {
    // OCI's format, the default, has no place for HEALTHCHECK. crun does not start where version 1 and 2 of cgroups are mounted.
    const options = [
      '--format=docker',
      '--runtime=runc',
      '--network=host',
      '--layers',
      '--force-rm',
    ];
    const argument = ['--build-arg', `NODE_IMAGE=${base}`];
    await run('buildah', ['build', ...options, ...argument, '--tag', image, '.']);
  }

  /** Measured, since Buildah itself tells only three digits. */
  async size(image: string): Promise<number> {
    const container = await from(image);
    try {
      const root = await mount(container);
      const counted = await run('du', ['--summarize', '--bytes', '--one-file-system', root]);
      return Number.parseInt(counted, 10);
    } finally {
      await remove(container);
    }
  }

  /** runc connects a network of its own to nothing. */
  publishes(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async start(image: string, options: ContainerOptions): Promise<Container> {
    const container = await from(image);
    try {
      const root = await mount(container);
      const configuration = await configurationOf(image);
      return await RuncContainer.start(configuration, root, options, () => remove(container));
    } catch (error) {
      await remove(container);
      throw error;
    }
  }
}

/** @returns the name of a new container with the files of the image */
async function from(image: string): Promise<string> {
  return (await run('buildah', ['from', '--pull-never', image])).trim();
}

async function mount(container: string): Promise<string> {
  return (await run('buildah', ['mount', container])).trim();
}

/** Unmounts the files and removes them. */
async function remove(container: string): Promise<void> {
  await outcomeOf('buildah', ['rm', container]);
}

async function configurationOf(image: string): Promise<ImageConfiguration> {
  const text = await run('buildah', ['inspect', '--type=image', image]);
  return (JSON.parse(text) as { Docker: { config: ImageConfiguration } }).Docker.config;
}
