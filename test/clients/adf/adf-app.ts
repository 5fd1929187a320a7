import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const SOURCES = join(import.meta.dirname, 'app');

/** `app/`, an application of Alfresco's ADF, installed from its lock file and built. */
export class AdfApp {
  private constructor(private readonly directory: string) {}

  /** @throws Error if the packages cannot be installed, or the application does not compile */
  static async build(): Promise<AdfApp> {
    const directory = await mkdtemp(join(tmpdir(), 'adf-'));
    const app = new AdfApp(directory);
    try {
      await cp(SOURCES, directory, {
        recursive: true,
        filter: (path) => !/\/(?:node_modules|dist)$/.test(path),
      });
      await app.npm('ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
      await app.npm('run', 'build');
    } catch (error) {
      await app.remove();
      throw error;
    }
    return app;
  }

  /** Folder for a web server to serve. */
  get pages(): string {
    return join(this.directory, 'dist');
  }

  /** URL of a module of one of its packages. */
  module(path: string): URL {
    return new URL(`file://${join(this.directory, 'node_modules', path)}`);
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }

  private async npm(...args: readonly string[]): Promise<void> {
    try {
      await run('npm', args, { cwd: this.directory, maxBuffer: 16 * 1024 * 1024 });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      const reason = `npm ${args[0]} in a copy of test/clients/adf/app failed (its packages come from the npm registry)`;
      throw new Error(`${reason}:\n${stdout}${stderr}`, { cause: error });
    }
  }
}
