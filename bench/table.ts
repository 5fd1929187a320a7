/** The figures of one workload: a row per target, a value per round. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
  /** Whether to add the ratio of the service to each other row, as for rates. */
  readonly isCompared?: boolean;
  /** Additional remarks, as sentences. */
  readonly notes?: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly values: readonly number[];
}

/** The name of the service's row. */
export const SERVICE = 'this service';

/** Collects values by name, in the order in which names first appear. */
export class Rows {
  private readonly byName = new Map<string, number[]>();

  add(name: string, value: number): void {
    const values = this.byName.get(name) ?? [];
    values.push(value);
    this.byName.set(name, values);
  }

  get all(): Row[] {
    return [...this.byName].map(([name, values]) => ({ name, values }));
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Renders Markdown. The ratio is the median over the rounds, in each of which all rows are measured. */
export function render({ title, unit, rows, isCompared, notes = [] }: Table): string {
  const service = isCompared ? rows.find(({ name }) => name === SERVICE) : undefined;
  const lines = rows.map(({ name, values }) => {
    const ratio =
      service && name !== SERVICE
        ? median(service.values.map((value, i) => value / (values.at(i) ?? NaN)))
        : NaN;
    const range = `${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
    return `| ${name} | ${shown(median(values))} | ${range} | ${Number.isNaN(ratio) ? '' : ratio.toFixed(2)} |`;
  });
  return [
    `### ${title}`,
    '',
    `| | ${unit} (median) | range | ${SERVICE} : it |`,
    '| --- | --- | --- | --- |',
    ...lines,
    ...notes.flatMap((note) => ['', note]),
    '',
  ].join('\n');
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

/** Converts bytes for notes. */
export function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
