/** The figures of one workload: a row per target, a value per round. */
export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly rows: readonly Row[];
  /** The name of a row whose ratio to each other row is added. */
  readonly compared?: string;
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

/** The median of the ratios of one row to another over the rounds, in each of which all rows are measured. */
export function ratioOf(one: Row, other: Row): number {
  return median(one.values.map((value, round) => value / (other.values.at(round) ?? NaN)));
}

/** Renders Markdown. */
export function render({ title, unit, rows, compared, notes = [] }: Table): string {
  const one = rows.find(({ name }) => name === compared);
  const lines = rows.map((row) => {
    const { name, values } = row;
    const range = `${shown(Math.min(...values))} to ${shown(Math.max(...values))}`;
    const cells = [name, shown(median(values)), range];
    if (one) cells.push(row === one ? '' : ratioOf(one, row).toFixed(2));
    return `| ${cells.join(' | ')} |`;
  });
  const heads = ['', `${unit} (median)`, 'range', ...(one ? [`${one.name} : it`] : [])];
  return [
    `### ${title}`,
    '',
    `| ${heads.join(' | ')} |`,
    `| ${heads.map(() => '---').join(' | ')} |`,
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
