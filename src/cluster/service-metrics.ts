import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { AggregatorRegistry, Gauge, Registry } from 'prom-client';
import type { MetricsPage } from '../config/worker-context.js';
import type { MetricsSnapshot } from '../observability/metrics.js';
import type { PoolMember } from './pool-member.js';

const TOTALS = ['counter', 'histogram'];

/**
 * What all workers have measured, together. Totals never fall, or Prometheus would take the service for restarted and
 * count them anew: those of a worker that has ended, or does not answer, are told as it has told them last.
 */
export class ServiceMetrics {
  private readonly logger = new Logger('Metrics');
  private readonly own = new Registry();
  private readonly last = new Map<PoolMember, MetricsSnapshot>();
  private ofEnded: Promise<MetricsSnapshot> = Promise.resolve([]);
  private readonly workers = new Gauge({
    name: 'bff_workers',
    help: 'Processes that serve, those included that only end what they have begun.',
    registers: [this.own],
  });
  private readonly silent = new Gauge({
    name: 'bff_workers_silent',
    help: 'Those that did not answer in time: only their totals are told, as they were the last time.',
    registers: [this.own],
  });

  /** @param responseMs that a worker has to tell what it has measured */
  constructor(private readonly responseMs: number) {}

  async page(members: readonly PoolMember[]): Promise<MetricsPage> {
    const answers = await Promise.all(members.map((member) => this.ask(member)));
    const silent = answers.filter((isAnswered) => !isAnswered).length;
    if (silent > 0) this.logger.warn(`${silent} workers did not tell in time what they measured`);
    this.workers.set(members.length);
    this.silent.set(silent);
    const told = members.map((member, index) => {
      const snapshot = this.last.get(member) ?? [];
      return answers[index] ? snapshot : totals(snapshot);
    });
    // Of the same moment as `told`: a worker that ends is in one of them.
    const all = together([...told, await this.ofEnded, await this.own.getMetricsAsJSON()]);
    return { contentType: all.contentType, text: await all.metrics() };
  }

  /** What this worker has told. */
  remember(member: PoolMember, snapshot: MetricsSnapshot): void {
    if (!member.hasEnded) this.last.set(member, snapshot);
  }

  /** This worker has ended. */
  forget(member: PoolMember): void {
    const snapshot = this.last.get(member);
    this.last.delete(member);
    if (!snapshot) return;
    this.ofEnded = this.ofEnded.then((before) =>
      together([before, totals(snapshot)]).getMetricsAsJSON(),
    );
  }

  private async ask(member: PoolMember): Promise<boolean> {
    const late = sleep(this.responseMs, undefined, { ref: false });
    const snapshot = await Promise.race([member.channel.call('snapshot'), late]);
    if (snapshot) this.remember(member, snapshot);
    return snapshot !== undefined;
  }
}

function together(snapshots: readonly MetricsSnapshot[]) {
  return AggregatorRegistry.aggregate<typeof Registry.PROMETHEUS_CONTENT_TYPE>([...snapshots]);
}

/** What only ever grows. The rest is of a moment, and means nothing later. */
function totals(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(({ type }) => TOTALS.includes(String(type)));
}
