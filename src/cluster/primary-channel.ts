import type { MetricsPage, MetricsSnapshot } from '../observability/metrics.js';
import type { Count, Reservation } from '../rate-limit/rate-limit-storage.js';
import { Channel } from './channel.js';

/** What the primary does for its workers. */
export type PrimaryCalls = {
  /** The worker listens there. */
  ready(address: string): void;
  /** The worker could not start, and ends. */
  failed(message: string, exitCode: number): void;
  /** The worker ends; this is what it has measured. */
  ended(metrics: MetricsSnapshot): void;
  /** Of all workers. */
  metrics(): Promise<MetricsPage>;
  /** Counts for all workers, as a `RateLimitStorage`. */
  hit(key: string, windowMs: number): Promise<Count>;
  reserve(key: string, windowMs: number, limit: number): Promise<Reservation>;
  giveBack(key: string): Promise<void>;
};

/** What a worker does for the primary. */
export type WorkerCalls = {
  /** What this worker has measured. */
  snapshot(): Promise<MetricsSnapshot>;
  /** Another worker has taken over: to take no connection any more, and to end with the last one. */
  retire(): void;
};

/** The primary, as its workers see it. */
export class Primary extends Channel<PrimaryCalls, WorkerCalls> {
  /**
   * @param worker number of this worker
   * @param workers how many there are
   */
  constructor(
    readonly worker: number,
    readonly workers: number,
    ours: WorkerCalls,
  ) {
    super(process, ours);
  }
}
