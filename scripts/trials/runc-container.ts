import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Outcome, outcomeOf, run } from './command.ts';
import type { Container, ContainerOptions } from './container-engine.ts';
import { type ImageConfiguration, makeBundle } from './runc-bundle.ts';

const NANOSECONDS_IN_MS = 1e6;

/** A container that runc runs, as a process of this one: of one in the background, runc does not tell how it ends. */
export class RuncContainer implements Container {
  readonly #directory: string;
  readonly #name: string;
  readonly #image: ImageConfiguration;
  readonly #removeFiles: () => Promise<void>;
  readonly #ended: Promise<number>;
  #log = '';

  private constructor(
    directory: string,
    name: string,
    image: ImageConfiguration,
    removeFiles: () => Promise<void>,
  ) {
    this.#directory = directory;
    this.#name = name;
    this.#image = image;
    this.#removeFiles = removeFiles;
    const args = this.#arguments('run', '--bundle', directory, name);
    const child = spawn('runc', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => (this.#log += String(chunk)));
    child.stderr.on('data', (chunk) => (this.#log += String(chunk)));
    this.#ended = once(child, 'close').then(([exitCode]) => Number(exitCode ?? -1));
  }

  /** @param root where the files of the image are; `removeFiles` is called when the container is removed */
  static async start(
    image: ImageConfiguration,
    root: string,
    options: ContainerOptions,
    removeFiles: () => Promise<void>,
  ): Promise<RuncContainer> {
    const directory = await mkdtemp(join(tmpdir(), 'image-try-runc-'));
    try {
      await makeBundle(directory, image, root, options);
    } catch (error) {
      await rm(directory, { recursive: true });
      throw error;
    }
    return new RuncContainer(directory, options.name, image, removeFiles);
  }

  exec(...command: string[]): Promise<Outcome> {
    return outcomeOf('runc', this.#arguments('exec', this.#name, ...command));
  }

  /** Runs the image's health check as Docker would. */
  async isHealthy(): Promise<boolean> {
    const { Test, Interval, Timeout, Retries } = this.#image.Healthcheck ?? { Test: ['NONE'] };
    const [kind, ...command] = Test;
    if (kind !== 'CMD') return false;
    const timeout = (Timeout ?? 30e9) / NANOSECONDS_IN_MS;
    const args = this.#arguments('exec', this.#name, ...command);
    for (let failures = 0; failures < (Retries || 3); failures++) {
      if (failures > 0) await sleep((Interval ?? 30e9) / NANOSECONDS_IN_MS);
      if ((await outcomeOf('runc', args, { timeout })).exitCode === 0) return true;
    }
    return false;
  }

  async sendTerm(): Promise<void> {
    await run('runc', this.#arguments('kill', this.#name, 'TERM'));
  }

  exitCode(): Promise<number> {
    return this.#ended;
  }

  log(): Promise<string> {
    return Promise.resolve(this.#log);
  }

  async remove(): Promise<void> {
    await outcomeOf('runc', this.#arguments('delete', '--force', this.#name));
    await this.#ended;
    await this.#removeFiles();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** With what runc keeps of its containers in the folder of this one. */
  #arguments(...args: string[]): string[] {
    return ['--root', join(this.#directory, 'state'), ...args];
  }
}
