/** Kinds of tokens, named as Jackson's `JsonToken` names them, since its error texts contain them. */
export type TokenType =
  | 'START_OBJECT'
  | 'END_OBJECT'
  | 'START_ARRAY'
  | 'END_ARRAY'
  | 'FIELD_NAME'
  | 'VALUE_STRING'
  | 'VALUE_NUMBER'
  | 'VALUE_TRUE'
  | 'VALUE_FALSE'
  | 'VALUE_NULL';

export interface Token {
  type: TokenType;
  /** A string without its quotes and escapes, a number or word as written. */
  text: string;
  /** Offset of the first character. */
  at: number;
}

/** The text is not JSON; the message is worded like Jackson's. */
export class JsonSyntaxError extends Error {}

interface Container {
  kind: 'Object' | 'Array';
  start: number;
  count: number;
  awaitsValue: boolean;
}

const WORDS: Record<string, TokenType> = {
  true: 'VALUE_TRUE',
  false: 'VALUE_FALSE',
  null: 'VALUE_NULL',
};
const ESCAPES: Record<string, string> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
};
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const PLAIN_TEXT = /[^"\\\p{Cc}]+|[\x7f-\x9f]/uy;

/** Jackson's description of a position, without the source text. */
export function sourceLocation(location: string): string {
  return `[Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); ${location}]`;
}

/**
 * Reads JSON token by token, unlike `JSON.parse`: Jackson reports the first error it meets, with its position,
 * stops at the end of the first value and keeps numbers as written.
 */
export class JsonReader {
  readonly #text: string;
  readonly #open: Container[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The next token, or undefined at the end of the text between two values. */
  next(): Token | undefined {
    const inside = this.#open.at(-1);
    this.#skipBlanks();
    if (inside === undefined) return this.#at >= this.#text.length ? undefined : this.#value();
    if (inside.awaitsValue) {
      inside.awaitsValue = false;
      return this.#value();
    }
    const close = inside.kind === 'Object' ? '}' : ']';
    if (this.#peek(inside) === close) return this.#close(inside);
    if (inside.count > 0) {
      this.#expect(',', `was expecting comma to separate ${inside.kind} entries`);
      this.#skipBlanks();
    }
    inside.count += 1;
    return inside.kind === 'Array' ? this.#value() : this.#fieldName(inside);
  }

  /** The position of a character, worded like Jackson's. */
  locationOf(at: number): string {
    const before = this.#text.slice(0, at);
    const line = before.split('\n').length;
    return `line: ${line}, column: ${at - before.lastIndexOf('\n')}`;
  }

  #close(container: Container): Token {
    const token = this.#token(
      container.kind === 'Object' ? 'END_OBJECT' : 'END_ARRAY',
      this.#at,
      '',
    );
    this.#at += 1;
    this.#open.pop();
    return token;
  }

  #fieldName(inside: Container): Token {
    const start = this.#at;
    if (this.#peek(inside) !== '"')
      throw this.#unexpected('was expecting double-quote to start field name');
    const name = this.#string();
    this.#skipBlanks();
    this.#expect(':', 'was expecting a colon to separate field name and value');
    inside.awaitsValue = true;
    return this.#token('FIELD_NAME', start, name);
  }

  #value(): Token {
    const start = this.#at;
    const character = this.#peek(this.#open.at(-1));
    if (character === '{' || character === '[') {
      this.#at += 1;
      const kind = character === '{' ? 'Object' : 'Array';
      this.#open.push({ kind, start, count: 0, awaitsValue: false });
      return this.#token(kind === 'Object' ? 'START_OBJECT' : 'START_ARRAY', start, '');
    }
    if (character === '"') return this.#token('VALUE_STRING', start, this.#string());
    const number = this.#match(NUMBER);
    if (number !== undefined) {
      if (/[\w.]/.test(this.#text[this.#at] ?? ''))
        throw this.#unexpected('Expected space separating root-level values');
      return this.#token('VALUE_NUMBER', start, number);
    }
    const word = this.#match(WORD);
    const type = word === undefined ? undefined : WORDS[word];
    if (word !== undefined && type !== undefined) return this.#token(type, start, word);
    if (word !== undefined) {
      throw this.#error(
        `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`,
      );
    }
    throw this.#unexpected(
      "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
    );
  }

  #string(): string {
    this.#at += 1;
    let text = '';
    for (;;) {
      text += this.#match(PLAIN_TEXT) ?? '';
      const character = this.#text[this.#at];
      if (character === undefined)
        throw this.#error(
          'Unexpected end-of-input: was expecting closing quote for a string value',
        );
      if (character === '"') break;
      if (character === '\\') text += this.#escape();
      else if (character < ' ') {
        throw this.#error(
          `Illegal unquoted character ((CTRL-CHAR, code ${character.charCodeAt(0)})): has to be escaped using backslash to be included in string value`,
        );
      }
    }
    this.#at += 1;
    return text;
  }

  #escape(): string {
    const character = this.#text[this.#at + 1] ?? '';
    if (character === 'u') {
      const hex = this.#text.slice(this.#at + 2, this.#at + 6);
      if (!/^[\da-fA-F]{4}$/.test(hex))
        throw this.#unexpected('expected a hex-digit for character escape sequence');
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const plain = ESCAPES[character];
    if (plain === undefined) {
      throw this.#error(
        `Unrecognized character escape '${character}' (code ${character.charCodeAt(0)})`,
      );
    }
    this.#at += 2;
    return plain;
  }

  #expect(character: string, problem: string): void {
    if (this.#peek(this.#open.at(-1)) !== character) throw this.#unexpected(problem);
    this.#at += 1;
  }

  #peek(inside: Container | undefined): string {
    const character = this.#text[this.#at];
    if (character !== undefined) return character;
    const marker =
      inside === undefined
        ? ''
        : `: expected close marker for ${inside.kind} (start marker at ${sourceLocation(this.locationOf(inside.start))})`;
    throw this.#error(`Unexpected end-of-input${marker}`);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipBlanks(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1;
  }

  #token(type: TokenType, at: number, text: string): Token {
    return { type, text, at };
  }

  #unexpected(problem: string): JsonSyntaxError {
    const character = this.#text[this.#at] ?? '';
    return this.#error(
      `Unexpected character ('${character}' (code ${character.charCodeAt(0)})): ${problem}`,
    );
  }

  #error(problem: string): JsonSyntaxError {
    return new JsonSyntaxError(`${problem}\n at ${sourceLocation(this.locationOf(this.#at))}`);
  }
}
