/** Size of the hashes that tell where one of the strings may begin, in bits. */
const BITS = 16;
const MASK = (1 << BITS) - 1;
const BASE = 31;

/**
 * Finds many strings in one pass over a text (Rabin and Karp): a run sends thousands of secrets, and logs megabytes.
 */
export class StringFinder {
  /** Characters at the beginning of a string that its hash is made of. */
  private readonly width: number;
  private readonly byHash = new Map<number, string[]>();
  private readonly isBeginning = new Uint8Array(MASK + 1);

  constructor(strings: Iterable<string>) {
    const all = [...new Set(strings)];
    this.width = all.reduce((width, { length }) => Math.min(width, length), 6);
    for (const string of all) {
      const hash = this.hashOf(string) & MASK;
      this.isBeginning[hash] = 1;
      const others = this.byHash.get(hash);
      if (others) others.push(string);
      else this.byHash.set(hash, [string]);
    }
  }

  /** The strings that occur in the text, each with the index of its first occurrence. */
  find(text: string): Map<string, number> {
    const found = new Map<string, number>();
    const { width } = this;
    let leaving = 1;
    for (let power = 1; power < width; power += 1) leaving = Math.imul(leaving, BASE);
    let hash = this.hashOf(text);
    for (let at = 0; at + width <= text.length; at += 1) {
      if (this.isBeginning[hash & MASK] === 1) {
        for (const string of this.byHash.get(hash & MASK)!) {
          if (!found.has(string) && text.startsWith(string, at)) found.set(string, at);
        }
      }
      hash = Math.imul(hash - Math.imul(text.charCodeAt(at), leaving), BASE);
      hash += text.charCodeAt(at + width);
    }
    return found;
  }

  /** Of the beginning of a text. */
  private hashOf(text: string): number {
    let hash = 0;
    for (let at = 0; at < this.width; at += 1) {
      hash = Math.imul(hash, BASE) + text.charCodeAt(at);
    }
    return hash;
  }
}
