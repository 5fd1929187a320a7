import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds. Calls are milliseconds long, transfers minutes. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * What Prometheus is told, in a registry that each application has for itself, so that several in one process do not mix.
 *
 * Names begin with `bff_` and end with the unit. A label must have few values, whatever callers and Alfresco send:
 * no id, no name, no path.
 */
export class Metrics {
  /** @param registry one that nobody reads when absent */
  constructor(private readonly registry = new Registry()) {}

  /** The page that Prometheus reads. */
  async render(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  /** A distribution, of seconds unless other buckets are given. */
  histogram<T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    buckets = BUCKETS,
  ): Histogram<T> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }

  /** A total that is counted as it grows. */
  counter<T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  /** A total that someone else counts, and that is read when Prometheus asks. */
  total(name: string, help: string, read: () => number): void {
    let highest = 0;
    const counter: Counter = new Counter({
      name,
      help,
      registers: [this.registry],
      collect: () => {
        // For Prometheus, a total that falls by one has started from zero again.
        highest = Math.max(highest, read());
        counter.reset();
        counter.inc(highest);
      },
    });
  }

  /** A value that is read when Prometheus asks. */
  gauge(name: string, help: string, read: () => number): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.registry],
      collect: () => gauge.set(read()),
    });
  }

  /** Values that are set, or by `collect` when Prometheus asks. */
  labelledGauge<T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    collect?: () => void,
  ): Gauge<T> {
    return new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      ...(collect && { collect }),
    });
  }
}
