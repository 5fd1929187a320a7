import { randomUUID } from 'node:crypto';
import { type DownloadLink, DownloadsProblem, isLast } from 'alfresco-downloads-client';
import type { Downloads } from '../typescript/downloads.ts';
import type { ExportJob } from './export-job.ts';
import type { JobFiles } from './job-files.ts';

/** Short, since a user is waiting. */
const USER_WAITS = { forMs: 2_000 };

/** Runs exports to their end, across restarts of this service and of the downloads service. */
export class Exports {
  private readonly jobs = new Map<string, ExportJob>();

  private readonly downloads: Downloads;
  private readonly files: JobFiles;

  constructor(downloads: Downloads, files: JobFiles) {
    this.downloads = downloads;
    this.files = files;
    for (const job of files.all()) {
      this.jobs.set(job.id, job);
      if (job.state === 'making') this.run(job);
    }
  }

  /** Starts an export, which is on disk before the caller gets its id. */
  start(nodeIds: string[]): ExportJob {
    const job: ExportJob = { id: randomUUID(), nodeIds, state: 'making', percent: 0 };
    this.update(job);
    this.run(job);
    return job;
  }

  find(id: string): ExportJob | undefined {
    return this.jobs.get(id);
  }

  /** Creates a link, which expires after some minutes. */
  link({ downloadId }: ExportJob): Promise<DownloadLink> {
    return this.downloads.link(downloadId!, USER_WAITS);
  }

  private run(job: ExportJob): void {
    this.make(job).catch((error: unknown) => this.fail(job.id, error));
  }

  /** Starts from the beginning, even after a restart: the job's key makes the request return the same download. */
  private async make(job: ExportJob): Promise<void> {
    const downloadId = await this.downloads.create(job.nodeIds, `export-${job.id}`);
    for await (const event of this.downloads.watch(downloadId)) {
      if (event.type === 'done') {
        this.update({ ...job, downloadId, state: 'ready', percent: 100 });
      } else if (isLast(event)) {
        this.update({ ...job, downloadId, state: 'failed', failure: event.type });
      } else if ('percent' in event) {
        this.update({ ...job, downloadId, percent: event.percent });
      }
    }
  }

  private fail(id: string, error: unknown): void {
    // This service is stopping. The job is kept and continues after the next start.
    if (error instanceof Error && error.name === 'AbortError') return;
    const failure = error instanceof DownloadsProblem ? error.problem.code : undefined;
    this.update({ ...this.jobs.get(id)!, state: 'failed', failure: failure ?? String(error) });
  }

  private update(job: ExportJob): void {
    this.files.save(job);
    this.jobs.set(job.id, job);
  }
}
