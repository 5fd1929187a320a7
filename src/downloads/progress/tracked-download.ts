import { type Download, isTerminal } from '../../alfresco/download.js';
import { runOutsideRequests } from '../../observability/request-context.js';
import type { ProblemException } from '../../problems/problem.exception.js';
import type { DownloadsConfig } from '../../config/app-config.js';
import type { Pacing } from '../../config/pacing.js';
import { type ProgressEvent, isLast, stateEvent, stateTag } from './progress-event.js';
import { Throughput } from './throughput.js';

/** What each look that finds nothing new does to the interval. */
const SLOWING = 1.5;

/** Who is told of each change of a download. Neither method may throw. */
export interface ProgressWatcher {
  /** First what is known already, then every change; nothing more after one that is the last. */
  next(event: ProgressEvent): void;
  /** The service is being stopped; nothing more will come. */
  stop(): void;
}

/**
 * One download, looked at for everybody who wants to know of it: one call to Alfresco at a time, whose answer all
 * share. While there are watchers it is looked at by itself, the less often the longer nothing moves.
 */
export class TrackedDownload {
  private readonly watchers = new Set<ProgressWatcher>();
  private readonly throughput = new Throughput();
  private latest?: Download;
  /** When the call began that brought `latest`, by the monotonic clock. */
  private askedAt = -Infinity;
  /** When `latest` was first seen, by the clock on the wall. */
  private movedAt = 0;
  private event?: ProgressEvent;
  private asking?: Promise<Download>;
  private intervalMs: number;
  private timer?: NodeJS.Timeout;

  /** @param ask gets the download from Alfresco */
  constructor(
    private readonly options: Omit<DownloadsConfig, 'maxNodeIds'>,
    private readonly pacing: Pacing['polling'],
    private readonly ask: () => Promise<Download>,
  ) {
    this.intervalMs = this.fastestMs;
  }

  get watcherCount(): number {
    return this.watchers.size;
  }

  /** The download as it is, or was within the freshness. Fails as the call to Alfresco does. */
  read(): Download | Promise<Download> {
    const { latest } = this;
    if (!latest) return this.refresh();
    // It can change no more, but the download can be removed in Alfresco.
    const freshnessMs = isTerminal(latest.status)
      ? this.pacing.finalFreshnessMs
      : this.options.statusFreshnessMs;
    return performance.now() - this.askedAt <= freshnessMs ? latest : this.refresh();
  }

  /** The returned function ends it. */
  watch(watcher: ProgressWatcher): () => void {
    // Described as it is by now: it may have stalled since somebody last watched.
    if (this.latest && this.watchers.size === 0 && this.event?.name !== 'gone') {
      this.event = this.describe(this.latest);
    }
    if (this.event) watcher.next(this.event);
    if (this.isOver) {
      this.forgetEvent();
      return () => {};
    }
    if (this.watchers.size === 0) this.intervalMs = this.fastestMs;
    this.watchers.add(watcher);
    this.schedule();
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size > 0) return;
      this.cancelTimer();
      this.forgetEvent();
    };
  }

  /** Something was done to it: what is known is out of date, and a change is likely. */
  expectChange(): void {
    this.cancelTimer();
    this.askedAt = -Infinity;
    this.intervalMs = this.fastestMs;
    this.schedule();
  }

  /** There is no such download any more. */
  end(problem: ProblemException): void {
    this.cancelTimer();
    this.notify({ name: 'gone', problem });
  }

  stop(): void {
    this.cancelTimer();
    for (const watcher of this.watchers) watcher.stop();
    this.watchers.clear();
  }

  private get fastestMs(): number {
    return Math.max(this.pacing.fastestMs, this.options.statusFreshnessMs);
  }

  private get isOver(): boolean {
    return this.event !== undefined && isLast(this.event);
  }

  private refresh(): Promise<Download> {
    this.asking ??= this.refreshOnce().finally(() => {
      this.asking = undefined;
      this.schedule();
    });
    return this.asking;
  }

  private async refreshOnce(): Promise<Download> {
    this.cancelTimer();
    const askedAt = performance.now();
    try {
      const download = await this.ask();
      this.update(download, askedAt);
      return download;
    } catch (error) {
      this.updateUnchanged();
      throw error;
    }
  }

  private update(download: Download, askedAt: number): void {
    if (this.event?.name === 'gone') return;
    this.askedAt = askedAt;
    const { latest } = this;
    if (latest && stateTag(latest) === stateTag(download)) return this.updateUnchanged();
    this.latest = download;
    this.movedAt = Date.now();
    this.intervalMs = this.fastestMs;
    if (download.status !== 'PENDING') this.throughput.add(download.bytesAdded, performance.now());
    this.event = undefined;
    if (this.watchers.size > 0) this.notify(this.describe(download));
  }

  private updateUnchanged(): void {
    this.intervalMs = Math.min(this.pacing.slowestMs, this.intervalMs * SLOWING);
    if (this.latest && this.isStalled && this.event?.name === 'progress') {
      this.notify(this.describe(this.latest));
    }
  }

  private get isStalled(): boolean {
    return Date.now() - this.movedAt >= this.stallAfterMs;
  }

  /**
   * PENDING changes nothing for as long as Alfresco counts the tree, or runs eight other jobs (`corePoolSize` of
   * `default.async.action`): that says nothing about a crash.
   */
  private get stallAfterMs(): number {
    const { pendingStallAfterMs, stallAfterMs } = this.options;
    return this.latest?.status === 'PENDING' ? pendingStallAfterMs : stallAfterMs;
  }

  private describe(download: Download): ProgressEvent {
    return stateEvent(download, {
      bytesPerSecond: this.throughput.bytesPerSecond,
      stalledSince: this.isStalled && !isTerminal(download.status) ? this.movedAt : undefined,
    });
  }

  private notify(event: ProgressEvent): void {
    this.event = event;
    for (const watcher of this.watchers) watcher.next(event);
    if (!isLast(event)) return;
    this.watchers.clear();
    this.forgetEvent();
  }

  /** Nobody watches. Its text is half of what a download weighs, and is made anew for who comes next. */
  private forgetEvent(): void {
    if (this.event?.name !== 'gone') this.event = undefined;
  }

  private schedule(): void {
    if (this.watchers.size === 0 || this.asking || this.timer || this.isOver) return;
    const untilStalled = this.movedAt + this.stallAfterMs - Date.now();
    const delay =
      this.event?.name === 'progress'
        ? Math.min(this.intervalMs, Math.max(untilStalled, this.fastestMs))
        : this.intervalMs;
    // It is for all watchers, and not to bear the name of the request that was the first.
    this.timer = runOutsideRequests(() =>
      setTimeout(() => {
        // Its failure is that of the readers, if there are any; watchers are told what becomes of it.
        this.refresh().catch(() => {});
      }, delay),
    );
  }

  /** No look is due. */
  private cancelTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
