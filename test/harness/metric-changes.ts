import { until } from './polling.js';
import { Scrape } from './scrape.js';

type Labels = Readonly<Record<string, string>>;

/** Changes of a service's metrics since a point in time, for tests that share the service. */
export class MetricChanges {
  private constructor(
    private readonly url: string,
    private readonly before: Scrape,
  ) {}

  /** Starts once all requests of earlier tests have been counted, which happens after their response. */
  static async since(url: string): Promise<MetricChanges> {
    await until(
      async () => (await Scrape.of(url)).value('bff_http_requests_open', {}),
      // The scrape itself.
      (open) => open === 1,
    );
    return new MetricChanges(url, await Scrape.of(url));
  }

  /** By how much the sum of these series has grown so far. */
  async growth(name: string, labels: Labels = {}): Promise<number> {
    const now = await Scrape.of(this.url);
    return (now.value(name, labels) ?? 0) - (this.before.value(name, labels) ?? 0);
  }

  /** Waits until the sum of these series has grown by exactly this amount. */
  async expectGrowth(name: string, labels: Labels, growth: number): Promise<void> {
    await until(
      () => this.growth(name, labels),
      (found) => found === growth,
    );
  }

  /** Waits for the value of a gauge. */
  async expectValue(name: string, labels: Labels, value: number): Promise<void> {
    await until(
      async () => (await Scrape.of(this.url)).value(name, labels),
      (found) => found === value,
    );
  }
}
