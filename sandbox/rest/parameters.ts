/** The parameters of a servlet request: those of the query, then those of a form body. */
export class Parameters {
  readonly #values = new Map<string, string>();

  /** @param encoded strings of the form `a=b&c=d`; the first of equal names counts */
  constructor(...encoded: string[]) {
    for (const pair of encoded.flatMap((text) => text.split('&'))) {
      const [name = '', ...value] = pair.split('=');
      const decodedName = decode(name);
      const decodedValue = decode(value.join('='));
      // Tomcat skips a parameter that it cannot decode.
      if (decodedName === undefined || decodedName === '' || decodedValue === undefined) continue;
      if (!this.#values.has(decodedName)) this.#values.set(decodedName, decodedValue);
    }
  }

  first(name: string): string | undefined {
    return this.#values.get(name);
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
