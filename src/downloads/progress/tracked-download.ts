import { type Download, isBefore, isTerminal } from '../../alfresco/download.js';
import type { DownloadsConfig } from '../../config/app-config.js';
import type { Pacing } from '../../config/pacing.js';
import { runOutsideRequests } from '../../observability/request-context.js';
import type { ProblemException } from '../../problems/problem.exception.js';
import { type ProgressEvent, isLast, stateEvent, stateTag } from './progress-event.js';
import type { ProgressSharing } from './progress-sharing.js';

/** The factor by which the interval grows with each response that brings nothing new. */
const SLOWING = 1.5;

/** Milliseconds after which a measurement counts for about a third of what it did. */
const THROUGHPUT_MEMORY_MS = 3000;

/** Is notified of each change of a download. Neither method may throw. */
export interface ProgressWatcher {
  /** Called with what is known already, then for every change, and not again after an event that is the last. */
  next(event: ProgressEvent): void;
  /** The service is being stopped; nothing more will come. */
  stop(): void;
}

/**
 * One download as this process knows it. There is one call to Alfresco at a time, whose response all readers and
 * watchers share.
 *
 * Its life, in which `ProgressTracker` keeps it by the id of the download:
 *
 * 1. It begins with the first read or watch, and knows nothing. A read calls Alfresco, unless the latest response is
 *    fresh enough; nothing else happens while nobody watches.
 * 2. The first watcher starts a timer. Each call that it makes sets the next one: the interval is the shortest after a
 *    change, and grows while nothing moves. Every change is an event for all watchers, and so is the moment from which
 *    the download counts as stalled; it can move on after that. Where several processes have watchers, one of them leads
 *    and makes the calls: the others follow its news, and their timers only tell when it has been silent for too long.
 *    Each claims the lead when its timer ends, and keeps it until a call fails or another process has taken it.
 * 3. With the last watcher the timer and the lead go, and the text of the latest event. What remains, some hundred bytes,
 *    saves the next reader a call, until the tracker needs the room for downloads that were used since. News of other
 *    processes still arrive.
 * 4. A final state is the last event for the watchers of that moment. The download remains as in 3, and readers still
 *    have it refreshed from time to time: a ZIP that is complete can be removed from Alfresco behind this service.
 * 5. It ends with `end`, when a caller removes it or Alfresco responds to a call that it is gone or not accessible.
 *    Watchers get `gone`, and the tracker drops it, so that the next read begins at 1. A call that is still on its way
 *    changes nothing any more.
 */
export class TrackedDownload {
  private readonly watchers = new Set<ProgressWatcher>();
  private readonly throughput = new Throughput();
  private latest?: Download;
  /** When the call began that brought `latest`, by the monotonic clock. */
  private requestedAt = -Infinity;
  /** When `latest` was first reported, in milliseconds of the epoch. */
  private movedAt = 0;
  private event?: ProgressEvent;
  private refreshing?: Promise<Download>;
  private intervalMs: number;
  /** Milliseconds without news until this process claims the lead; `undefined` while it does not follow another one. */
  private patienceMs?: number;
  /** When it was changed by a request, by the monotonic clock: calls that began before may bring the state before. */
  private changedAt = -Infinity;
  private timer?: NodeJS.Timeout;

  /** @param fetchDownload gets it from Alfresco, and tells other processes */
  constructor(
    private readonly id: string,
    private readonly options: Omit<DownloadsConfig, 'maxNodeIds'>,
    private readonly pacing: Pacing['polling'],
    private readonly sharing: ProgressSharing,
    private readonly fetchDownload: () => Promise<Download>,
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
    const freshnessMs = isTerminal(latest.status)
      ? this.pacing.finalFreshnessMs
      : this.options.statusFreshnessMs;
    return performance.now() - this.requestedAt <= freshnessMs ? latest : this.refresh();
  }

  /** The returned function ends it. */
  watch(watcher: ProgressWatcher): () => void {
    // It may have stalled since the last watcher left.
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
      this.leave();
      this.forgetEvent();
    };
  }

  /** After a request that changes the download: what is known is out of date. */
  expectChange(): void {
    this.changedAt = performance.now();
    this.requestedAt = -Infinity;
    this.pollSoon();
  }

  /** @param requestedAt when another process began the call that brought this state, by the monotonic clock of this one */
  learn(download: Download, requestedAt: number): void {
    // Messages may be late.
    if (requestedAt < this.requestedAt || (this.latest && isBefore(download, this.latest))) return;
    if (this.watchers.size > 0 && !this.sharing.isLeading(this.id)) this.follow();
    this.cancelTimer();
    this.update(download, requestedAt);
    this.schedule();
  }

  /** Nobody leads any more, as far as this process knows. */
  takeOver(): void {
    if (this.patienceMs === undefined) return;
    this.patienceMs = undefined;
    this.pollSoon();
  }

  end(problem: ProblemException): void {
    this.notify({ name: 'gone', problem });
  }

  stop(): void {
    this.leave();
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
    this.refreshing ??= this.refreshOnce().finally(() => {
      this.refreshing = undefined;
      this.schedule();
    });
    return this.refreshing;
  }

  private async refreshOnce(): Promise<Download> {
    this.cancelTimer();
    const requestedAt = performance.now();
    try {
      const download = await this.fetchDownload();
      this.update(download, requestedAt);
      return download;
    } catch (error) {
      // Another process may be able to.
      if (this.sharing.stopLeading(this.id)) this.follow();
      this.updateUnchanged();
      throw error;
    }
  }

  /** At the end of the timer. */
  private async poll(): Promise<void> {
    const { timer } = this;
    const waitMs = await this.sharing.lead(this.id);
    if (this.watchers.size === 0) return this.leave();
    if (waitMs === 0) {
      this.patienceMs = undefined;
      // News have come in the meantime.
      if (this.timer !== timer) return this.pollSoon();
      // Readers that share the call get its failure; watchers are notified of what follows from it.
      return void this.refresh().catch(() => {});
    }
    if (this.timer !== timer) return;
    this.timer = undefined;
    this.patienceMs = waitMs;
    this.updateUnchanged();
    this.schedule();
  }

  /** Waits for news of another process. */
  private follow(): void {
    this.patienceMs = this.sharing.patienceMs;
  }

  private update(download: Download, requestedAt: number): void {
    if (this.event?.name === 'gone') return;
    this.requestedAt = requestedAt < this.changedAt ? -Infinity : requestedAt;
    const { latest } = this;
    if (latest && stateTag(latest) === stateTag(download)) return this.updateUnchanged();
    this.latest = download;
    this.movedAt = Date.now();
    this.intervalMs = this.fastestMs;
    if (download.status !== 'PENDING') {
      this.throughput.record(download.bytesAdded, performance.now());
    }
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
   * A download stays PENDING for as long as Alfresco counts the tree, or runs eight other jobs (`corePoolSize` of
   * `default.async.action`): that is no sign of a crash.
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
    this.leave();
    this.forgetEvent();
  }

  /** Its text is half of what a download weighs, and is made anew for the next watcher. `gone` has none. */
  private forgetEvent(): void {
    if (this.event?.name !== 'gone') this.event = undefined;
  }

  private schedule(): void {
    if (this.watchers.size === 0 || this.refreshing || this.timer || this.isOver) return;
    const untilStalled = this.movedAt + this.stallAfterMs - Date.now();
    const pauseMs = this.patienceMs ?? this.intervalMs;
    const delay =
      this.event?.name === 'progress'
        ? Math.min(pauseMs, Math.max(untilStalled, this.fastestMs))
        : pauseMs;
    // It is for all watchers: log lines and spans must not name the request that came first.
    this.timer = runOutsideRequests(() => setTimeout(() => void this.poll(), delay));
  }

  private pollSoon(): void {
    this.cancelTimer();
    this.intervalMs = this.fastestMs;
    this.schedule();
  }

  /** Nobody watches any more. */
  private leave(): void {
    this.cancelTimer();
    this.patienceMs = undefined;
    this.sharing.resign(this.id);
  }

  private cancelTimer(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** How fast source bytes go into a ZIP. Smoothed, since Alfresco reports them in steps of up to 10 MB. */
export class Throughput {
  private last?: { readonly bytes: number; readonly at: number };
  private smoothed?: number;

  /** Bytes a second; `undefined` until two reports are known. */
  get bytesPerSecond(): number | undefined {
    return this.smoothed;
  }

  /** @param at milliseconds of any clock that never goes back */
  record(bytes: number, at: number): void {
    const { last } = this;
    if (last && (at <= last.at || bytes < last.bytes)) return;
    this.last = { bytes, at };
    if (!last) return;
    const elapsedMs = at - last.at;
    const rate = ((bytes - last.bytes) * 1000) / elapsedMs;
    const weight = 1 - Math.exp(-elapsedMs / THROUGHPUT_MEMORY_MS);
    this.smoothed =
      this.smoothed === undefined ? rate : this.smoothed + weight * (rate - this.smoothed);
  }
}
