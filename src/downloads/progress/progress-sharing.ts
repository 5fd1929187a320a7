import { Inject, Injectable, Logger, type OnModuleDestroy, Optional } from '@nestjs/common';
import { PACING, PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import type { Peers } from '../../config/worker-context.js';
import { type ProgressNews, readNews, writeNews } from './progress-news.js';

/** Injection token of the `Peers` with which progress is shared; `undefined` in a service that is a single process. */
export const PEERS = Symbol('PEERS');

const WARN_EVERY_MS = 60_000;

/** What concerns the downloads that this process tracks. */
export interface ProgressListener {
  /** Another process has news of a download. */
  receive(news: ProgressNews): void;
  /** The others can be reached no more. */
  fallBack(): void;
}

/**
 * One process asks Alfresco about a watched download, and tells the others.
 *
 * Which one it is, a lease decides that the process renews for as long as somebody watches there. While the others cannot be
 * reached each process leads for itself, and goes on claiming, so that one is left when they are back.
 */
@Injectable()
export class ProgressSharing implements OnModuleDestroy {
  private readonly logger = new Logger('Progress');
  /** Ids of downloads about which this process asks. */
  private readonly led = new Set<string>();
  private renewals?: NodeJS.Timeout;
  private isRenewing = false;
  private isAway = false;
  private nextWarningAt = 0;

  constructor(
    @Inject(PEERS) @Optional() private readonly peers?: Peers,
    @Inject(PACING_CONFIG) @Optional() private readonly pacing: Pick<Pacing, 'sharing'> = PACING,
  ) {}

  onModuleDestroy(): void {
    clearInterval(this.renewals);
  }

  /** Milliseconds without news after which another process has to lead. */
  get patienceMs(): number {
    return this.pacing.sharing.leaseMs;
  }

  listen(listener: ProgressListener): void {
    this.peers?.listen({
      receive: (message) => {
        const news = readNews(message);
        if (news) listener.receive(news);
        else this.warn('A message of another process is ignored: it is no news of a download');
      },
      lose: () => {
        this.setAway(true);
        listener.fallBack();
      },
    });
  }

  isLeading(id: string): boolean {
    return this.led.has(id);
  }

  /** 0 when this process is to ask Alfresco, otherwise milliseconds after which to try again unless news come. Never fails. */
  lead(id: string): number | Promise<number> {
    return !this.peers || this.led.has(id) ? 0 : this.claim(this.peers, id);
  }

  /** Nobody watches here any more, or this process may not ask: another one can. */
  resign(id: string): void {
    if (!this.stopLeading(id)) return;
    this.peers!.release([id]);
    this.publish({ kind: 'free', id });
  }

  /** After a failure: the lease is not renewed, so that another process gets to try, though not at once. */
  stopLeading(id: string): boolean {
    if (!this.led.delete(id)) return false;
    if (this.led.size === 0) clearInterval(this.renewals);
    return true;
  }

  publish(news: ProgressNews): void {
    this.peers?.publish(writeNews(news));
  }

  private async claim(peers: Peers, id: string): Promise<number> {
    const { leaseMs, renewMs } = this.pacing.sharing;
    let waitMs = 0;
    try {
      [waitMs = 0] = await peers.claim([id], leaseMs);
      this.setAway(false);
    } catch {
      this.setAway(true);
    }
    if (waitMs > 0) return waitMs;
    if (this.led.size === 0) this.renewals = setInterval(() => void this.renew(peers), renewMs);
    this.led.add(id);
    return 0;
  }

  private async renew(peers: Peers): Promise<void> {
    if (this.isRenewing) return;
    this.isRenewing = true;
    const ids = [...this.led];
    try {
      const waits = await peers.claim(ids, this.pacing.sharing.leaseMs);
      for (const [index, id] of ids.entries()) if (waits[index]! > 0) this.stopLeading(id);
      this.setAway(false);
    } catch {
      this.setAway(true);
    } finally {
      this.isRenewing = false;
    }
  }

  private setAway(isAway: boolean): void {
    if (this.isAway === isAway) return;
    this.isAway = isAway;
    if (isAway) this.warn('The other processes cannot be reached: each polls Alfresco for itself');
    else this.logger.log('One process polls Alfresco for all');
  }

  private warn(text: string): void {
    const now = Date.now();
    if (now < this.nextWarningAt) return;
    this.nextWarningAt = now + WARN_EVERY_MS;
    this.logger.warn(text);
  }
}
