import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportJob } from './export-job.ts';

/** Jobs that outlive the process, in a file each. A real service would use a database. */
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

  /** Writes the file completely or not at all, even if the process ends meanwhile. */
  save(job: ExportJob): void {
    const path = join(this.directory, `${job.id}.json`);
    writeFileSync(`${path}.new`, JSON.stringify(job));
    renameSync(`${path}.new`, path);
  }
}
