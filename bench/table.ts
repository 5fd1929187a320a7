/** Figures of one workload: a row for each thing that was measured, a value for each round. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
  /** Whether the service is compared with each of the others, as rates are. */
  readonly isCompared?: boolean;
  /** Whatever else has to be known, as sentences. */
  readonly notes?: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly values: readonly number[];
}

/** Of the rows that are compared. */
export const SERVICE = 'this service';

/** Collects values by name, in the order in which names first come. */
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

/** As Markdown. The ratio is the median of those of each round, in which all rows were measured one after the other. */
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

/** As notes say it. */
export function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
