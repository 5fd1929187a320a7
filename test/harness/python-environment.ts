import { join } from 'node:path';
import { run } from './whole-job.js';

/** A Python virtual environment with exactly the packages of a `requirements.txt`. */
export class PythonEnvironment {
  private constructor(private readonly directory: string) {}

  static async install(directory: string, requirements: string): Promise<PythonEnvironment> {
    await run('python3', ['-m', 'venv', directory]);
    const environment = new PythonEnvironment(directory);
    const options = ['--quiet', '--no-deps', '--no-compile', '--disable-pip-version-check'];
    await run(environment.program('pip'), ['install', ...options, '--requirement', requirements]);
    return environment;
  }

  /** Path of a program of the environment. */
  program(name: string): string {
    return join(this.directory, 'bin', name);
  }
}
