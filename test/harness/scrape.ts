import { rawRequest } from './raw-http.js';

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** One page of `/metrics`. */
export class Scrape {
  private readonly samples: readonly Sample[];

  private constructor(readonly text: string) {
    this.samples = [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(
      ([, name, labels = '', value]) => ({
        name: name!,
        labels: Object.fromEntries(
          [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, of]) => [label, of]),
        ) as Labels,
        value: Number(value),
      }),
    );
  }

  /** Scrapes over a new connection, which is closed afterwards. */
  static async of(url: string): Promise<Scrape> {
    const { body } = await rawRequest(Number(new URL(url).port), { path: '/metrics' });
    return new Scrape(body);
  }

  /** Names of all metrics, including those without samples. */
  get metrics(): string[] {
    return [...this.text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!);
  }

  /** The samples of this name that have at least these labels. */
  series(name: string, labels: Labels = {}): readonly Sample[] {
    return this.samples.filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  }

  /** Their sum; `undefined` without samples. */
  value(name: string, labels: Labels): number | undefined {
    const found = this.series(name, labels);
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }

  labelsOf(name: string): string[] {
    return Object.keys(this.series(name)[0]?.labels ?? {});
  }
}
