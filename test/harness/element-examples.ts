import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packWorkspace } from './packed.js';

const run = promisify(execFile);

const SOURCES = 'examples/element';

export type Framework = 'html' | 'angular' | 'react' | 'vue';

/** Copies of `examples/element/`, with the client as npm would install it. */
export class ElementExamples {
  private constructor(private readonly directory: string) {}

  /** Packs the client; nothing else is built yet. */
  static async prepare(): Promise<ElementExamples> {
    const directory = await mkdtemp(join(tmpdir(), 'element-'));
    const examples = new ElementExamples(directory);
    try {
      await cp(SOURCES, join(directory, SOURCES), {
        recursive: true,
        filter: (path) => !/\/(?:node_modules|dist)$/.test(path),
      });
      const tarball = packWorkspace('alfresco-downloads-client', directory);
      // Where the examples' `file:` leads to.
      await mkdir(examples.client);
      await run('tar', ['-xzf', tarball, '-C', examples.client, '--strip-components', '1']);
    } catch (error) {
      await examples.remove();
      throw error;
    }
    return examples;
  }

  /**
   * Folder with the pages of an example, installed from its lock file and built.
   *
   * @throws Error if its packages cannot be installed, or it does not compile
   */
  async build(framework: Framework): Promise<string> {
    const folder = join(this.directory, SOURCES, framework);
    if (framework === 'html') {
      const dist = join(this.client, 'dist');
      await cp(dist, join(folder, 'alfresco-downloads-client'), { recursive: true });
      return folder;
    }
    await npm(folder, 'ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund');
    await npm(folder, 'run', 'build');
    return join(folder, 'dist');
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true });
  }

  private get client(): string {
    return join(this.directory, 'client');
  }
}

async function npm(folder: string, ...args: readonly string[]): Promise<void> {
  try {
    await run('npm', args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`npm ${args[0]} in a copy of ${folder} failed:\n${stdout}${stderr}`, {
      cause: error,
    });
  }
}
