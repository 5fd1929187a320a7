const PLACEHOLDER = /\{([^{}"/]+)\}/;

const UUID = String.raw`[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}`;
/** The parts of a response that differ between runs. */
const PATTERNS: Readonly<Record<string, string>> = {
  number: String.raw`\d{8}`,
  logId: UUID,
  uuid: UUID,
  hash: String.raw`[\da-f]+`,
  date: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000`,
  httpDate: String.raw`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`,
  etag: String.raw`\d{13}`,
  ticket: String.raw`TICKET_[\da-f]{40}`,
  count: String.raw`\d+`,
};
/** A value that later cases must repeat. */
const BOUND_PATTERNS: readonly [RegExp, string][] = [
  [/^id of /, UUID],
  [/^progress of /, String.raw`[1-9]\d*`],
  [/^size of /, String.raw`[1-9]\d*`],
];

/** The known values of placeholders. */
export class Placeholders {
  readonly #values = new Map<string, string>();
  readonly #lookUp: (name: string) => string | undefined;
  #new: string | undefined;

  /** @param lookUp finds values that no response has shown yet */
  constructor(lookUp: (name: string) => string | undefined) {
    this.#lookUp = lookUp;
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  /** Forgets a value, so that the next response sets it. */
  expectNew(name: string): void {
    this.#new = name;
  }

  value(name: string): string | undefined {
    const known = this.#values.get(name) ?? (name === this.#new ? undefined : this.#lookUp(name));
    if (known !== undefined) return known;
    const upper = / in upper case$/.exec(name);
    if (upper) return this.value(name.slice(0, upper.index))?.toUpperCase();
    if (name.startsWith('base64 of '))
      return Buffer.from(name.slice('base64 of '.length)).toString('base64');
    return undefined;
  }

  /** Fills in the text of a request, inner placeholders first. */
  fill(text: string): string {
    let filled = text;
    for (;;) {
      const found = PLACEHOLDER.exec(filled);
      const name = found?.[1];
      if (found === null || name === undefined) return filled;
      const value = this.value(name);
      if (value === undefined) throw new Error(`No value for {${name}}`);
      filled = filled.slice(0, found.index) + value + filled.slice(found.index + found[0].length);
    }
  }

  /** Whether a text of a response matches; records the values it shows for unknown placeholders. */
  matches(expected: string, actual: string): boolean {
    const captured: string[] = [];
    const source = expected
      .split(new RegExp(PLACEHOLDER.source, 'g'))
      .map((part, index) => {
        if (index % 2 === 0) return RegExp.escape(part);
        const pattern = PATTERNS[part];
        const known = pattern === undefined ? this.value(part) : undefined;
        if (known !== undefined) return RegExp.escape(known);
        captured.push(part);
        const bound = BOUND_PATTERNS.find(([names]) => names.test(part));
        return `(${pattern ?? bound?.[1] ?? '.+'})`;
      })
      .join('');
    const found = new RegExp(`^${source}$`, 's').exec(actual);
    if (found === null) return false;
    for (const [index, name] of captured.entries()) this.set(name, found[index + 1] ?? '');
    return true;
  }
}
