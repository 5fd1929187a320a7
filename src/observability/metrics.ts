import {
  type Aggregator,
  Counter,
  Gauge,
  type Metric,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
  collectDefaultMetrics,
} from 'prom-client';
import { VERSION } from '../config/version.js';
import type { MetricsPage } from '../config/worker-context.js';
import { Distribution } from './distribution.js';

/** Seconds. Calls are milliseconds long, transfers minutes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Injection token of a function that makes the page which Prometheus reads. */
export const METRICS_PAGE = Symbol('METRICS_PAGE');

/** All metrics of one process. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[];

/**
 * Metrics for Prometheus, in a registry of each application's own, so that several in one process do not mix.
 *
 * Names begin with `bff_` and end with the unit. A label must have few values, whatever callers and Alfresco send:
 * no id, no name, no path.
 */
export class Metrics {
  /** @param registry if absent, nothing reads what is measured */
  constructor(private readonly registry = new Registry()) {}

  /** The page that Prometheus reads, about this process. */
  async render(): Promise<MetricsPage> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  /** The same as data, for the primary to aggregate. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.registry.getMetricsAsJSON();
  }

  /** A distribution, of seconds unless other buckets are given. */
  distribution(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets = BUCKETS,
  ): Distribution {
    const distribution = new Distribution(name, help, labelNames, buckets);
    // The type has methods of prom-client's own metrics which the registry does not call.
    this.registry.registerMetric(distribution as unknown as Metric);
    return distribution;
  }

  /** A total that is counted as it grows. */
  counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A total that is counted elsewhere; `read` is called when Prometheus asks. */
  total(name: string, help: string, read: () => number): void {
    let highest = 0;
    const counter: Counter = new Counter({
      name,
      help,
      registers: [this.registry],
      collect: () => {
        // Prometheus takes a total that falls for one that has started from zero again.
        highest = Math.max(highest, read());
        counter.reset();
        counter.inc(highest);
      },
    });
  }

  /** A value; `read` is called when Prometheus asks. */
  gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: () => gauge.set(read()),
    });
  }

  /**
   * Values that are set, or by `collect` when Prometheus asks.
   *
   * @param aggregator which value stands for several processes
   */
  labelledGauge<T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    aggregator: Aggregator,
    collect?: () => void,
  ): Gauge<T> {
    return new Gauge({
      name,
      help,
      labelNames,
      aggregator,
      registers: [this.registry],
      ...(collect && { collect }),
    });
  }
}

/** Gauges that are named like counters, which `promtool check metrics` refuses; prom-client has them by type as well. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** A registry with prom-client's own metrics of the process, and the version. */
export function createProcessMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  new Metrics(registry)
    .labelledGauge('bff_build_info', 'Always 1; the version is in the label.', ['version'], 'first')
    .set({ version: VERSION }, 1);
  return registry;
}
