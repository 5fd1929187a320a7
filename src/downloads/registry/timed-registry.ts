import type { Metrics } from '../../observability/metrics.js';
import {
  type Claim,
  type ClaimResult,
  type DownloadPage,
  type DownloadRecord,
  DownloadRegistry,
  type IdempotentRequest,
} from './download-registry.js';

/** Seconds. The store is on the same machine, or next to it. */
const BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5];

/** Tells how long each operation of a store takes, and whether it fails. */
export class TimedRegistry extends DownloadRegistry {
  private readonly durations;

  constructor(
    private readonly store: DownloadRegistry,
    metrics: Metrics,
  ) {
    super();
    this.durations = metrics.histogram(
      'bff_registry_operation_duration_seconds',
      'Operations of the store, waiting for their turn included.',
      ['operation', 'outcome'],
      BUCKETS,
    );
  }

  override add(record: DownloadRecord, claim?: Claim): Promise<boolean> {
    return this.time('add', () => this.store.add(record, claim));
  }

  override ownerOf(id: string): Promise<string | undefined> {
    return this.time('owner_of', () => this.store.ownerOf(id));
  }

  override list(owner: string, skipCount: number, maxItems: number): Promise<DownloadPage> {
    return this.time('list', () => this.store.list(owner, skipCount, maxItems));
  }

  override remove(id: string): Promise<void> {
    return this.time('remove', () => this.store.remove(id));
  }

  override claim(
    request: IdempotentRequest,
    leaseMs: number,
    voided?: string,
  ): Promise<ClaimResult> {
    return this.time('claim', () => this.store.claim(request, leaseMs, voided));
  }

  override release(claim: Claim): Promise<void> {
    return this.time('release', () => this.store.release(claim));
  }

  override ping(): Promise<void> {
    return this.time('ping', () => this.store.ping());
  }

  override close(): Promise<void> {
    return this.store.close();
  }

  private async time<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    let outcome = 'error';
    try {
      const result = await work();
      outcome = 'ok';
      return result;
    } finally {
      this.durations.observe({ operation, outcome }, (performance.now() - startedAt) / 1000);
    }
  }
}
