import type { MetricValueWithName } from 'prom-client';

/** The values of labels, in the order of their names. */
export type LabelValues = readonly (number | string)[];

/** What was observed with the same labels. */
interface Series {
  readonly labels: Readonly<Record<string, number | string>>;
  /** How many observations each bucket has that the one before has not. */
  readonly counts: number[];
  count: number;
  sum: number;
}

/** As `getMetricsAsJSON` of prom-client has it. */
interface DistributionValues {
  readonly name: string;
  readonly help: string;
  readonly type: 'histogram';
  /** How those of several processes become one. */
  readonly aggregator: 'sum';
  readonly values: MetricValueWithName<string>[];
}

/** Series by the value of the first label, then by that of the second, and so on. */
interface SeriesNode {
  readonly children: Map<number | string, SeriesNode>;
  series?: Series;
}

/**
 * A histogram for Prometheus.
 *
 * Not that of prom-client, which builds an object and a text of the labels for each observation to find its series: two of them
 * for each call of Alfresco, 3 % of the CPU time of a status read. The registry of prom-client reads a metric by `get`.
 */
export class Distribution {
  private readonly root: SeriesNode = { children: new Map() };
  private readonly all: Series[] = [];

  /** @param buckets upper bounds, ascending */
  constructor(
    readonly name: string,
    private readonly help: string,
    private readonly labelNames: readonly string[],
    private readonly buckets: readonly number[],
  ) {}

  observe(labels: LabelValues, value: number): void {
    let node = this.root;
    for (const label of labels) {
      let child = node.children.get(label);
      if (!child) node.children.set(label, (child = { children: new Map() }));
      node = child;
    }
    const series = (node.series ??= this.begin(labels));
    series.count += 1;
    series.sum += value;
    for (let at = 0; at < this.buckets.length; at += 1) {
      if (value <= this.buckets[at]!) {
        series.counts[at]! += 1;
        return;
      }
    }
  }

  /** For the registry, as prom-client's own metrics have it. */
  async get(): Promise<DistributionValues> {
    const { name, help } = this;
    const values = this.all.flatMap((series) => this.valuesOf(series));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }

  private begin(labels: LabelValues): Series {
    const series: Series = {
      labels: Object.fromEntries(this.labelNames.map((name, at) => [name, labels[at]!])),
      counts: this.buckets.map(() => 0),
      count: 0,
      sum: 0,
    };
    this.all.push(series);
    return series;
  }

  /** Each bucket counts those before it as well. */
  private valuesOf({ labels, counts, count, sum }: Series): MetricValueWithName<string>[] {
    let upTo = 0;
    const bucket = (le: number | string, value: number) => ({
      labels: { le, ...labels },
      value,
      metricName: `${this.name}_bucket`,
    });
    return [
      ...this.buckets.map((bound, at) => bucket(bound, (upTo += counts[at]!))),
      bucket('+Inf', count),
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: count, metricName: `${this.name}_count` },
    ];
  }
}
