import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportJob } from './export-job.ts';

/** Jobs that outlive the process: a file for each. A real service has a database for this. */
export class JobFiles {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  all(): ExportJob[] {
    return readdirSync(this.directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(this.directory, name), 'utf8')) as ExportJob);
  }

  /** Whole or not at all, should the process end in the middle. */
  save(job: ExportJob): void {
    const path = join(this.directory, `${job.id}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(job));
    renameSync(`${path}.new`, path);
  }
}
