import { Inject, Injectable } from '@nestjs/common';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { ALFRESCO_CONFIG } from '../alfresco-api.js';
import { unavailable } from '../http/transport-failure.js';

/** The share of the connections to Alfresco that may carry ZIPs at a time. The rest is for calls that take no time. */
const TRANSFER_SHARE = 0.75;
/** The share of the transfers that one caller may have, without MAX_TRANSFERS_PER_CALLER; of those, links may have a half. */
const CALLER_SHARE = 0.25;
const LINK_SHARE = 0.5;

/** A guess: a ZIP takes seconds or hours. */
const RETRY_AFTER_SECONDS = 5;

/** Transfers that so many connections may carry: at least one, though a single connection leaves none free. */
export function transferLimit(maxConnections: number): number {
  return Math.max(1, Math.floor(maxConnections * TRANSFER_SHARE));
}

/** Whose transfers are counted together. */
export interface TransferHolder {
  readonly key: string;
  /** Whether they come by signed links, which anyone may have been given. */
  readonly isLinked: boolean;
}

/** Ends a transfer. May be called again. */
export type Release = () => void;

interface Waiting {
  readonly holder: TransferHolder;
  readonly proceed: () => void;
}

type LimiterConfig = Pick<AlfrescoConfig, 'maxConnections' | 'maxTransfersPerCaller' | 'timeoutMs'>;

/**
 * Limits the ZIPs that are being sent, so that they leave connections for the calls that read downloads, and one caller's
 * transfers leave room for those of others.
 *
 * Not cockatiel's bulkhead: a call cannot leave its queue, and one whose client has disconnected would stay in it until a
 * transfer ends, which may take hours.
 */
@Injectable()
export class TransferLimiter {
  /** Transfers at a time. */
  readonly limit: number;
  /** Transfers at a time of one caller. */
  readonly callerLimit: number;
  private readonly active = new Map<string, number>();
  /** In the order in which they came. */
  private readonly queue = new Set<Waiting>();
  private total = 0;

  constructor(@Inject(ALFRESCO_CONFIG) private readonly config: LimiterConfig) {
    this.limit = transferLimit(config.maxConnections);
    const share = Math.max(1, Math.floor(this.limit * CALLER_SHARE));
    this.callerLimit = Math.min(this.limit, config.maxTransfersPerCaller ?? share);
  }

  /** Transfers under way. */
  get activeTransfers(): number {
    return this.total;
  }

  /** Transfers that wait for others to end. */
  get waiting(): number {
    return this.queue.size;
  }

  /**
   * Begins a transfer, after a wait if there are too many.
   * @throws ProblemException with Retry-After when none ends in time: ALFRESCO_UNAVAILABLE, or TOO_MANY_REQUESTS when only
   *   those of this holder are too many
   * @throws the reason of `signal`
   */
  async begin(holder: TransferHolder, signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.mayBegin(holder)) this.count(holder, 1);
    else await this.turn(holder, signal);
    return this.createRelease(holder);
  }

  private mayBegin(holder: TransferHolder): boolean {
    return this.total < this.limit && this.activeOf(holder) < this.limitOf(holder);
  }

  private activeOf({ key }: TransferHolder): number {
    return this.active.get(key) ?? 0;
  }

  private limitOf({ isLinked }: TransferHolder): number {
    return isLinked ? Math.max(1, Math.floor(this.callerLimit * LINK_SHARE)) : this.callerLimit;
  }

  private count(holder: TransferHolder, change: 1 | -1): void {
    this.total += change;
    const active = this.activeOf(holder) + change;
    if (active === 0) this.active.delete(holder.key);
    else this.active.set(holder.key, active);
  }

  private turn(holder: TransferHolder, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.queue.delete(waiting);
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      };
      const proceed = () => {
        leave();
        this.count(holder, 1);
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        leave();
        reject(this.problemFor(holder));
      }, this.config.timeoutMs);
      const waiting = { holder, proceed };
      signal.addEventListener('abort', giveUp);
      this.queue.add(waiting);
    });
  }

  private problemFor(holder: TransferHolder): ProblemException {
    if (this.total >= this.limit) {
      return unavailable(RETRY_AFTER_SECONDS, 'too many ZIPs are being sent');
    }
    return new ProblemException('TOO_MANY_REQUESTS', {
      detail: holder.isLinked
        ? 'Too many ZIPs are being sent by links of this caller.'
        : 'Too many ZIPs are being sent to this caller.',
      headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    });
  }

  private createRelease(holder: TransferHolder): Release {
    let isActive = true;
    return () => {
      if (!isActive) return;
      isActive = false;
      this.count(holder, -1);
      this.next()?.proceed();
    };
  }

  /** Of those that may begin, the one whose holder has the fewest transfers; of several, the one that came first. */
  private next(): Waiting | undefined {
    let chosen: Waiting | undefined;
    for (const waiting of this.queue) {
      if (!this.mayBegin(waiting.holder)) continue;
      if (!chosen || this.activeOf(waiting.holder) < this.activeOf(chosen.holder)) chosen = waiting;
    }
    return chosen;
  }
}
