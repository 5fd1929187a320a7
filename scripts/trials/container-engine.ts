import type { Outcome } from './command.ts';

/** No container engine can be used here. */
export class NoEngineError extends Error {}

/** What a trial needs of a program that builds images and runs containers. */
export interface ContainerEngine {
  /** The command, with the options that every use of it has. */
  readonly description: string;
  pull(image: string): Promise<Outcome>;
  /** Makes an image of the files in a tar archive, with variables. */
  importFiles(archive: string, image: string, environment: Environment): Promise<void>;
  /** Builds the Dockerfile of this repository. */
  build(image: string, base: string): Promise<void>;
  /** Bytes of an image's files. */
  size(image: string): Promise<number>;
  /** Whether a container can have a network of its own, with a port that is published on this machine. */
  publishes(): Promise<boolean>;
  /** Starts a container in the background, without anything that deploy/README.md takes from it. */
  start(image: string, options: ContainerOptions): Promise<Container>;
}

export type Environment = Readonly<Record<string, string>>;

export interface ContainerOptions {
  readonly name: string;
  readonly environment: Environment;
  /** The folder of the container that is a volume, which is made and removed with the container. */
  readonly volume: string;
  /** A folder of this machine, and where the container can read it. */
  readonly mount: { readonly source: string; readonly folder: string };
  /** A port of 127.0.0.1 and that of the container which it leads to. Without it, the container uses the network of this machine. */
  readonly published?: { readonly port: number; readonly to: number };
}

/** A container that was started. */
export interface Container {
  /** Runs a command in it, as its user. */
  exec(...command: string[]): Promise<Outcome>;
  /** Waits for the first verdict of the image's health check. */
  isHealthy(): Promise<boolean>;
  sendTerm(): Promise<void>;
  /** Waits for its end. */
  exitCode(): Promise<number>;
  log(): Promise<string>;
  /** Ends it if it runs, and removes whatever belongs to it. */
  remove(): Promise<void>;
}
