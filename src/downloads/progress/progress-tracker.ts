import { addAbortListener } from 'node:events';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AlfrescoClient } from '../../alfresco/alfresco.client.js';
import type { Download } from '../../alfresco/download.js';
import type { Caller } from '../../auth/caller.js';
import { DownloadEndings } from './download-endings.js';
import { ProblemException, isProblem } from '../../problems/problem.exception.js';
import { DOWNLOADS_CONFIG, type DownloadsConfig } from '../../config/app-config.js';
import { PACING, PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import { BoundedMap } from '../../store/bounded-map.js';
import { OwnershipService } from '../ownership.service.js';
import type { ProgressEvent } from './progress-event.js';
import { type ProgressWatcher, TrackedDownload } from './tracked-download.js';

/** Downloads that are remembered though nobody watches them: less than a kilobyte each. */
const MAX_UNWATCHED = 10_000;

/** When to wait no longer. */
export interface WaitLimits {
  /** Milliseconds. */
  readonly ms?: number;
  /** Aborted when nobody is left to wait for. */
  readonly signal?: AbortSignal;
}

/**
 * What Alfresco says of downloads, asked once for everybody who wants to know. The caller of each method has to have been
 * found to own the download.
 */
@Injectable()
export class ProgressTracker implements OnModuleDestroy {
  private readonly watched = new Map<string, TrackedDownload>();
  /** Set again at each use, so that the one that was not used for the longest time is forgotten first. */
  private readonly unwatched = new BoundedMap<string, TrackedDownload>(MAX_UNWATCHED);
  private isStopping = false;

  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly ownership: OwnershipService,
    private readonly endings: DownloadEndings,
    @Inject(DOWNLOADS_CONFIG) private readonly options: DownloadsConfig,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'polling'> = PACING,
  ) {}

  /** Watchers of all downloads. */
  get watcherCount(): number {
    let count = 0;
    for (const download of this.watched.values()) count += download.watcherCount;
    return count;
  }

  /** The download as it is, or was STATUS_FRESHNESS_MS ago. @throws ProblemException as `AlfrescoClient.getDownload` */
  read(caller: Caller, id: string): Download | Promise<Download> {
    return this.of(caller, id).read();
  }

  /** Tells the watcher of every change, until the returned function is called. */
  watch(caller: Caller, id: string, watcher: ProgressWatcher): () => void {
    if (this.isStopping) {
      watcher.stop();
      return () => {};
    }
    const download = this.of(caller, id);
    this.unwatched.delete(id);
    this.watched.set(id, download);
    const unwatch = download.watch(watcher);
    this.settle(id, download);
    return () => {
      unwatch();
      this.settle(id, download);
    };
  }

  /** The first event that is enough; `undefined` when time is over, the caller has left, or the service is being stopped. */
  async waitFor(
    caller: Caller,
    id: string,
    isEnough: (event: ProgressEvent) => boolean,
    { ms, signal }: WaitLimits,
  ): Promise<ProgressEvent | undefined> {
    if (signal?.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<ProgressEvent | undefined>();
    const stop = () => resolve(undefined);
    const timer = ms === undefined ? undefined : setTimeout(stop, ms);
    const listener = signal && addAbortListener(signal, stop);
    const unwatch = this.watch(caller, id, {
      next: (event) => (event.name === 'gone' || isEnough(event)) && resolve(event),
      stop,
    });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      listener?.[Symbol.dispose]();
      unwatch();
    }
  }

  /** Something was done to the download, so that what is known of it is out of date. */
  expectChange(id: string): void {
    (this.watched.get(id) ?? this.unwatched.get(id))?.expectChange();
  }

  /** It was removed: watchers are told so, and what is known of it is forgotten. */
  end(id: string, problem = new ProblemException('DOWNLOAD_NOT_FOUND')): void {
    const download = this.watched.get(id) ?? this.unwatched.get(id);
    this.watched.delete(id);
    this.unwatched.delete(id);
    download?.end(problem);
  }

  /**
   * Passes on what Alfresco answers about a download. Its clean-up removes downloads without telling; a row without a
   * node is of no use to anyone.
   */
  async forgetIfNotFound<T>(id: string, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (isProblem(error, 'DOWNLOAD_NOT_FOUND')) {
        await this.ownership.forget(id);
        this.end(id, error);
      }
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.stopWatching();
  }

  /** Before the service waits for its requests to end: those that wait for news would never do so. */
  stopWatching(): void {
    this.isStopping = true;
    for (const download of this.watched.values()) download.stop();
    this.watched.clear();
  }

  private of(caller: Caller, id: string): TrackedDownload {
    const watched = this.watched.get(id);
    if (watched) return watched;
    const download =
      this.unwatched.get(id) ??
      new TrackedDownload(this.options, this.pacing.polling, () => this.ask(caller, id));
    this.unwatched.set(id, download);
    return download;
  }

  private async ask(caller: Caller, id: string): Promise<Download> {
    try {
      const download = await this.forgetIfNotFound(id, this.alfresco.getDownload(id, caller.name));
      this.endings.recordOutcome(download);
      return download;
    } catch (error) {
      // The network's and Alfresco's own failures may pass; what Alfresco says of the download itself will not.
      if (error instanceof ProblemException && error.status < 500) this.end(id, error);
      throw error;
    }
  }

  /** Moves a download whose last watcher has left. */
  private settle(id: string, download: TrackedDownload): void {
    if (download.watcherCount > 0 || this.watched.get(id) !== download) return;
    this.watched.delete(id);
    this.unwatched.set(id, download);
  }
}
