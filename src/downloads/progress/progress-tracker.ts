import { addAbortListener } from 'node:events';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AlfrescoClient } from '../../alfresco/alfresco.client.js';
import { type Download, isTerminal } from '../../alfresco/download.js';
import type { Caller } from '../../auth/caller.js';
import { DOWNLOADS_CONFIG, type DownloadsConfig } from '../../config/app-config.js';
import { PACING, PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import { ProblemException, isProblem } from '../../problems/problem.exception.js';
import { BoundedMap } from '../../store/bounded-map.js';
import { OwnershipService } from '../ownership.service.js';
import type { ProgressEvent } from './progress-event.js';
import type { ProgressNews } from './progress-news.js';
import { ProgressSharing } from './progress-sharing.js';
import { type ProgressWatcher, TrackedDownload } from './tracked-download.js';
import { Metrics } from '../../observability/metrics.js';

/** Each is less than a kilobyte. */
const MAX_UNWATCHED = 10_000;

/** What ends a wait early. */
export interface WaitLimits {
  /** Milliseconds. */
  readonly ms?: number;
  /** Of the request, whose client may disconnect. */
  readonly signal?: AbortSignal;
}

const MAX_COUNTED = 10_000;

/** Counts downloads by the state in which they end. */
@Injectable()
export class DownloadEndings {
  private readonly counted = new BoundedMap<string, true>(MAX_COUNTED);
  private readonly endings;

  constructor(metrics: Metrics) {
    this.endings = metrics.counter(
      'bff_downloads_ended_total',
      'Downloads by final state, as far as somebody looked at them after their end; counted once by each process.',
      ['status'],
    );
  }

  /** Takes every status that Alfresco reports; counts a download at its first final one. */
  recordOutcome({ id, status }: Pick<Download, 'id' | 'status'>): void {
    if (!isTerminal(status) || this.counted.has(id)) return;
    this.endings.inc({ status });
    this.counted.set(id, true);
  }
}

/**
 * The state of downloads: one `TrackedDownload` for each, shared by all of its readers and watchers, and by news with other
 * processes. Whether the caller may see the download (`OwnershipService`) has to be checked before each call.
 */
@Injectable()
export class ProgressTracker implements OnModuleDestroy {
  private readonly watched = new Map<string, TrackedDownload>();
  /** Set again at each use, so that the least recently used is forgotten first. */
  private readonly unwatched = new BoundedMap<string, TrackedDownload>(MAX_UNWATCHED);
  private isStopping = false;

  constructor(
    private readonly alfresco: AlfrescoClient,
    private readonly ownership: OwnershipService,
    private readonly endings: DownloadEndings,
    private readonly sharing: ProgressSharing,
    @Inject(DOWNLOADS_CONFIG) private readonly options: DownloadsConfig,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'polling'> = PACING,
  ) {
    sharing.listen({
      receive: (news) => this.receive(news),
      fallBack: () => {
        for (const download of this.watched.values()) download.takeOver();
      },
    });
  }

  /** Of all downloads. */
  get watcherCount(): number {
    let count = 0;
    for (const download of this.watched.values()) count += download.watcherCount;
    return count;
  }

  /** The download as it is, or was STATUS_FRESHNESS_MS ago. @throws ProblemException as `AlfrescoClient.getDownload` */
  read(caller: Caller, id: string): Download | Promise<Download> {
    return this.of(caller, id).read();
  }

  /** Notifies the watcher of every change, until the returned function is called. */
  watch(caller: Caller, id: string, watcher: ProgressWatcher): () => void {
    if (this.isStopping) {
      watcher.stop();
      return () => {};
    }
    const download = this.of(caller, id);
    this.unwatched.delete(id);
    this.watched.set(id, download);
    const unwatch = download.watch(watcher);
    this.moveIfUnwatched(id, download);
    return () => {
      unwatch();
      this.moveIfUnwatched(id, download);
    };
  }

  /** The first event that is enough; `undefined` when time is over, the client has disconnected, or the service is being stopped. */
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

  /** After a request that changes the download: the next read asks Alfresco. */
  expectChange(id: string): void {
    this.known(id)?.expectChange();
    this.sharing.publish({ kind: 'changed', id });
  }

  /** After its removal: notifies the watchers, of other processes as well, and forgets it. */
  end(id: string, problem = new ProblemException('DOWNLOAD_NOT_FOUND')): void {
    this.sharing.publish({ kind: 'gone', id });
    this.drop(id, problem);
  }

  /**
   * Passes on Alfresco's response to a call for the download. When it is 404, the download is forgotten here and in the
   * registry: Alfresco's own clean-up removes nodes without notice, and a row without a node is of no use.
   */
  async forgetIfNotFound<T>(id: string, response: Promise<T>): Promise<T> {
    try {
      return await response;
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

  /** Before the service waits for open requests to end: those that watch would not. */
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
      new TrackedDownload(id, this.options, this.pacing.polling, this.sharing, () =>
        this.fetchDownload(caller, id),
      );
    this.unwatched.set(id, download);
    return download;
  }

  private async fetchDownload({ id: owner, name }: Caller, id: string): Promise<Download> {
    // For all who read and watch: on behalf of the owner, not of the request that came first, whose credentials may have ended.
    const onBehalfOf = { id: owner, name };
    try {
      const requestedAt = performance.now();
      const download = await this.forgetIfNotFound(id, this.alfresco.getDownload(id, onBehalfOf));
      this.endings.recordOutcome(download);
      this.sharing.publish({ kind: 'state', id, download, requestedAt });
      return download;
    } catch (error) {
      // Failures of the network and of Alfresco may pass; a response about the download itself (403, 404) is final. Only
      // here, though: another process may have better credentials.
      if (error instanceof ProblemException && error.getStatus() < 500) this.drop(id, error);
      throw error;
    }
  }

  private receive(news: ProgressNews): void {
    const { id } = news;
    const download = this.known(id);
    if (!download) return;
    switch (news.kind) {
      case 'state':
        if (this.watched.has(id)) this.endings.recordOutcome(news.download);
        return download.learn(news.download, news.requestedAt);
      case 'changed':
        return download.expectChange();
      case 'free':
        return download.takeOver();
      case 'gone':
        return this.drop(id, new ProblemException('DOWNLOAD_NOT_FOUND'));
    }
  }

  private known(id: string): TrackedDownload | undefined {
    return this.watched.get(id) ?? this.unwatched.get(id);
  }

  private drop(id: string, problem: ProblemException): void {
    const download = this.known(id);
    this.watched.delete(id);
    this.unwatched.delete(id);
    download?.end(problem);
  }

  private moveIfUnwatched(id: string, download: TrackedDownload): void {
    if (download.watcherCount > 0 || this.watched.get(id) !== download) return;
    this.watched.delete(id);
    this.unwatched.set(id, download);
  }
}
