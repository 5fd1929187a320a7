import type { Counters, MetricsPage, WorkerContext } from '../config/worker-context.js';
import type { MetricsSnapshot } from '../observability/metrics.js';
import { Channel } from './channel.js';

/** What the primary does for its workers. */
export type PrimaryCalls = Pick<Counters, keyof Counters> & {
  /** The worker listens there. */
  ready(address: string): void;
  /** The worker could not start, and ends. */
  failed(message: string, exitCode: number): void;
  /** The worker ends; this is what it has measured. */
  ended(metrics: MetricsSnapshot): void;
  /** Of all workers. */
  metrics(): Promise<MetricsPage>;
};

/** What a worker does for the primary. */
export type WorkerCalls = {
  /** What this worker has measured. */
  snapshot(): Promise<MetricsSnapshot>;
  /** Another worker has taken over: to take no connection any more, and to end with the last one. */
  retire(): void;
};

/** The primary, as its workers see it. */
export class Primary extends Channel<PrimaryCalls, WorkerCalls> implements WorkerContext {
  readonly counters: Counters = {
    hit: (...values) => this.call('hit', ...values),
    reserve: (...values) => this.call('reserve', ...values),
    giveBack: (key) => this.call('giveBack', key),
  };

  /** @param number of this worker */
  constructor(
    readonly number: number,
    ours: WorkerCalls,
  ) {
    super(process, ours);
  }

  metrics(): Promise<MetricsPage> {
    return this.call('metrics');
  }
}
