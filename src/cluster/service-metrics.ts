import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { AggregatorRegistry, Gauge, Registry } from 'prom-client';
import type { MetricsPage } from '../config/worker-context.js';
import type { MetricsSnapshot } from '../observability/metrics.js';
import type { PoolMember } from './pool-member.js';

const TOTALS = ['counter', 'histogram'];

/**
 * The metrics of all workers, aggregated. Totals must never fall, or Prometheus would take the service for restarted and
 * count them again: of a worker that has ended or does not respond, the last known totals count.
 */
export class ServiceMetrics {
  private readonly logger = new Logger('Metrics');
  private readonly own = new Registry();
  private readonly last = new Map<PoolMember, MetricsSnapshot>();
  private ofEndedWorkers: Promise<MetricsSnapshot> = Promise.resolve([]);
  private readonly workers = new Gauge({
    name: 'bff_workers',
    help: 'Processes that serve requests, including those that only finish what they have begun.',
    registers: [this.own],
  });
  private readonly silent = new Gauge({
    name: 'bff_workers_silent',
    help: 'Workers that did not respond in time: only their totals are reported, as of the last time.',
    registers: [this.own],
  });

  /** @param responseMs milliseconds for a worker to deliver its metrics */
  constructor(private readonly responseMs: number) {}

  async page(members: readonly PoolMember[]): Promise<MetricsPage> {
    const responded = await Promise.all(members.map((member) => this.refresh(member)));
    const silent = responded.filter((hasResponded) => !hasResponded).length;
    if (silent > 0) this.logger.warn(`${silent} workers did not deliver their metrics in time`);
    this.workers.set(members.length);
    this.silent.set(silent);
    const snapshots = members.map((member, index) => {
      const snapshot = this.last.get(member) ?? [];
      return responded[index] ? snapshot : totals(snapshot);
    });
    // Read in the same turn as `snapshots`, so that a worker that ends is in exactly one of the two.
    const all = aggregate([
      ...snapshots,
      await this.ofEndedWorkers,
      await this.own.getMetricsAsJSON(),
    ]);
    return { contentType: all.contentType, text: await all.metrics() };
  }

  /** The worker has delivered its metrics. */
  remember(member: PoolMember, snapshot: MetricsSnapshot): void {
    if (!member.hasEnded) this.last.set(member, snapshot);
  }

  /** The worker has ended. */
  forget(member: PoolMember): void {
    const snapshot = this.last.get(member);
    this.last.delete(member);
    if (!snapshot) return;
    this.ofEndedWorkers = this.ofEndedWorkers.then((before) =>
      aggregate([before, totals(snapshot)]).getMetricsAsJSON(),
    );
  }

  /** Whether the worker responded in time. */
  private async refresh(member: PoolMember): Promise<boolean> {
    const late = sleep(this.responseMs, undefined, { ref: false });
    const snapshot = await Promise.race([member.channel.call('snapshot'), late]);
    if (snapshot) this.remember(member, snapshot);
    return snapshot !== undefined;
  }
}

function aggregate(snapshots: readonly MetricsSnapshot[]) {
  return AggregatorRegistry.aggregate<typeof Registry.PROMETHEUS_CONTENT_TYPE>([...snapshots]);
}

/** Metrics that only grow. The others describe a moment, and mean nothing later. */
function totals(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(({ type }) => TOTALS.includes(String(type)));
}
