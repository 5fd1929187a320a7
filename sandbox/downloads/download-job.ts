import { rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { planArchive, type ArchivePlan } from './archive-plan.ts';
import { writeArchive } from './archive-writer.ts';
import {
  isCancelled,
  writeProgress,
  type DownloadProgress,
  type DownloadStatus,
} from './download-status.ts';
import type { RepositoryNode } from '../repository/node-model.ts';
import { archiveContent } from '../repository/node-content.ts';
import { Pace } from './pace.ts';
import type { Repository } from '../repository/repository.ts';

/** The settings of a job. */
export interface JobSettings {
  repository: Repository;
  /** Bytes; 0 or less is unlimited. */
  maxContentSize: number;
  estimateDelayMs: number;
  estimateMsPerFile: number;
  /** Source bytes per second, read again while the job runs. */
  bytesPerSecond: () => number | undefined;
  /** Where the ZIP is written and kept. */
  archivePath: string;
}

class DownloadCancelled extends Error {}

/**
 * Makes the ZIP of a download, as CreateDownloadArchiveAction does: as the creator of the download node, without a failed
 * state. When it throws, the download keeps its status forever.
 */
export class DownloadJob {
  readonly #download: RepositoryNode;
  readonly #nodeIds: readonly string[];
  readonly #settings: JobSettings;
  #progress: DownloadProgress = {
    status: 'PENDING',
    bytesAdded: 0,
    totalBytes: 0,
    filesAdded: 0,
    totalFiles: 0,
  };

  constructor(download: RepositoryNode, nodeIds: readonly string[], settings: JobSettings) {
    this.#download = download;
    this.#nodeIds = nodeIds;
    this.#settings = settings;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { repository, maxContentSize, estimateDelayMs, estimateMsPerFile } = this.#settings;
    if (!this.#exists()) return;
    await sleep(estimateDelayMs, undefined, { signal });
    const plan = planArchive(repository, this.#download.creator, this.#nodeIds);
    await sleep(plan.totalFiles * estimateMsPerFile, undefined, { signal });
    this.#progress = {
      ...this.#progress,
      totalBytes: plan.totalBytes,
      totalFiles: plan.totalFiles,
    };
    if (maxContentSize > 0 && plan.totalBytes > maxContentSize) {
      this.#progress.bytesAdded = maxContentSize;
      this.#update('MAX_CONTENT_SIZE_EXCEEDED');
      return;
    }
    await this.#archive(plan, signal);
  }

  async #archive(plan: ArchivePlan, signal: AbortSignal): Promise<void> {
    const { archivePath } = this.#settings;
    const partial = `${archivePath}.part`;
    const pace = new Pace(this.#settings.bytesPerSecond, signal);
    const observer = {
      onBytes: async (count: number, isProgressPoint: boolean): Promise<void> => {
        this.#progress.bytesAdded += count;
        if (isProgressPoint) this.#reachProgressPoint();
        await pace.spend(count);
      },
      onFileAdded: (): void => {
        this.#progress.filesAdded += 1;
      },
    };
    try {
      await writeArchive(partial, plan.entries, observer, signal);
      const { size } = await stat(partial);
      await rename(partial, archivePath);
      this.#finish(size);
    } catch (error) {
      await rm(partial, { force: true });
      if (!(error instanceof DownloadCancelled)) throw error;
      this.#update('CANCELLED');
    }
  }

  /** The only place that notices a cancellation. IN_PROGRESS is written first, so that it shows even if cancelled at once. */
  #reachProgressPoint(): void {
    this.#update('IN_PROGRESS');
    if (isCancelled(this.#download)) throw new DownloadCancelled();
  }

  /** Content and status in one transaction: DONE implies that the content can be read. */
  #finish(size: number): void {
    this.#update('DONE');
    this.#download.content = archiveContent(this.#settings.archivePath, size);
  }

  #update(status: DownloadStatus): void {
    const { repository } = this.#settings;
    const { creator } = this.#download;
    if (!this.#exists()) throw new Error('The download node has been deleted');
    if (!repository.canWrite(creator, this.#download))
      throw new Error('Access denied to the download node');
    this.#progress.status = status;
    writeProgress(this.#download, this.#progress);
    repository.touch(this.#download, creator);
  }

  #exists(): boolean {
    return this.#settings.repository.get(this.#download.id) === this.#download;
  }
}
