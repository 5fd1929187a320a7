import { ApiError, invalidArgument } from './api-error.ts';
import { JsonReader, JsonSyntaxError, sourceLocation, type Token } from './json-reader.ts';

export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/** A body does not fit its Java class; the message is worded like Jackson's. */
class BindingError extends Error {}

/** What Jackson would need in order to create an object from a scalar. */
const SCALARS: Partial<Record<Token['type'], (text: string) => string>> = {
  VALUE_STRING: (text) =>
    `String-argument constructor/factory method to deserialize from String value ('${text}')`,
  VALUE_NUMBER: (text) =>
    `int/Int-argument constructor/factory method to deserialize from Number value (${text})`,
  VALUE_TRUE: () =>
    'boolean/Boolean-argument constructor/factory method to deserialize from boolean value (true)',
  VALUE_FALSE: () =>
    'boolean/Boolean-argument constructor/factory method to deserialize from boolean value (false)',
};

/** Reads the value of one member. */
export type MemberReader = (binder: EntityBinder, token: Token) => unknown;

/** The Java class that a body is bound to. */
export interface EntityClass {
  javaName: string;
  members: Readonly<Record<string, MemberReader>>;
}

/**
 * Binds JSON to the members of a Java class as tolerantly, and as fussily, as Alfresco's JacksonHelper: the last of
 * several equal members wins, text after the object is ignored, unknown members are rejected.
 */
export class EntityBinder {
  readonly #entity: EntityClass;
  readonly #reader: JsonReader;
  /** The path to the current value, as Jackson's errors show it. */
  readonly #chain: string[];

  /** @param chain path to the object */
  constructor(text: string, entity: EntityClass, chain: readonly string[] = []) {
    this.#entity = entity;
    this.#reader = new JsonReader(text);
    this.#chain = [...chain];
  }

  /** Reads the members of all objects of an array, or of a single object (`ACCEPT_SINGLE_VALUE_AS_ARRAY`). */
  bindAll(): (Record<string, unknown> | null)[] {
    const first = this.#first();
    if (first.type !== 'START_ARRAY') return [this.#object(first)];
    const all: (Record<string, unknown> | null)[] = [];
    for (let item = this.next(); item.type !== 'END_ARRAY'; item = this.next())
      all.push(this.#object(item));
    return all;
  }

  /** Reads the members, or null if the body is `null`. */
  bind(): Record<string, unknown> | null {
    return this.#object(this.#first());
  }

  #first(): Token {
    const first = this.#reader.next();
    if (first !== undefined) return first;
    throw new BindingError(
      `No content to map due to end-of-input\n at ${sourceLocation('line: 1')}`,
    );
  }

  #object(first: Token): Record<string, unknown> | null {
    const { javaName, members } = this.#entity;
    if (first.type === 'VALUE_NULL') return null;
    if (first.type !== 'START_OBJECT') throw this.#noObject(first);
    const bound: Record<string, unknown> = {};
    for (let token = this.next(); token.type !== 'END_OBJECT'; token = this.next()) {
      const name = token.text;
      const read = Object.hasOwn(members, name) ? members[name] : undefined;
      if (read === undefined) throw this.#unknownMember(name);
      bound[name] = this.inside(`${javaName}["${name}"]`, () => read(this, this.next()));
    }
    return bound;
  }

  next(): Token {
    try {
      const token = this.#reader.next();
      if (token !== undefined) return token;
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      throw new BindingError(error.message + this.#describedChain());
    }
    throw this.problem('Unexpected end-of-input', 0);
  }

  /** Reads a part of something, which the path in errors then names. */
  inside<T>(link: string, read: () => T): T {
    this.#chain.push(link);
    const value = read();
    this.#chain.pop();
    return value;
  }

  /** Reads any value, which begins with the given token. */
  any(token: Token): JsonValue {
    switch (token.type) {
      case 'START_OBJECT': {
        const value: Record<string, JsonValue> = {};
        for (let name = this.next(); name.type !== 'END_OBJECT'; name = this.next()) {
          value[name.text] = this.any(this.next());
        }
        return value;
      }
      case 'START_ARRAY': {
        const value: JsonValue[] = [];
        for (let item = this.next(); item.type !== 'END_ARRAY'; item = this.next())
          value.push(this.any(item));
        return value;
      }
      case 'VALUE_NUMBER':
        return Number(token.text);
      case 'VALUE_TRUE':
      case 'VALUE_FALSE':
        return token.type === 'VALUE_TRUE';
      case 'VALUE_NULL':
        return null;
      default:
        return token.text;
    }
  }

  /** The value is not of the type that the Java class declares. */
  mismatch(javaType: string, token: Token): Error {
    const shape = { START_ARRAY: 'Array', START_OBJECT: 'Object', VALUE_STRING: 'String' }[
      token.type as string
    ];
    const problem = `Cannot deserialize value of type \`${javaType}\` from ${shape ?? 'scalar'} value (token \`JsonToken.${token.type}\`)`;
    return this.problem(problem, token.at);
  }

  problem(text: string, at: number): Error {
    const location = sourceLocation(this.#reader.locationOf(at));
    return new BindingError(`${text}\n at ${location}${this.#describedChain()}`);
  }

  #describedChain(): string {
    return this.#chain.length === 0 ? '' : ` (through reference chain: ${this.#chain.join('->')})`;
  }

  /** The value is not an object. Jackson would accept it if the class had a constructor for it. */
  #noObject(token: Token): Error {
    const { javaName } = this.#entity;
    const scalar = SCALARS[token.type]?.(token.text);
    if (scalar === undefined) return this.mismatch(javaName, token);
    return this.problem(
      `Cannot construct instance of \`${javaName}\` (although at least one Creator exists): no ${scalar}`,
      token.at,
    );
  }

  #unknownMember(name: string): Error {
    const known = Object.keys(this.#entity.members);
    const list = known.map((member) => `"${member}"`).join(', ');
    const value = this.next();
    return this.inside(`${this.#entity.javaName}["${name}"]`, () =>
      this.problem(
        `Unrecognized field "${name}" (class ${this.#entity.javaName}), not marked as ignorable (${known.length} known properties: ${list}])`,
        // Jackson has read this far: of strings only the quote.
        value.at + (value.type === 'VALUE_STRING' ? 1 : value.text.length || 1),
      ),
    );
  }
}

/** RestApiStringDeserializer: numbers and booleans become strings, the empty string becomes null. */
export const stringMember: MemberReader = (binder, token) => {
  if (token.type === 'START_ARRAY' || token.type === 'START_OBJECT')
    throw binder.mismatch('java.lang.String', token);
  return token.type === 'VALUE_NULL' || token.text === '' ? null : token.text;
};

/** A list of strings, or one bare string. */
export const stringListMember: MemberReader = (binder, token) => {
  if (token.type === 'VALUE_NULL') return null;
  if (token.type !== 'START_ARRAY') return [stringMember(binder, token)];
  const list: unknown[] = [];
  const link = (): string => `java.util.ArrayList[${list.length}]`;
  const next = (): Token => binder.inside(link(), () => binder.next());
  for (let item = next(); item.type !== 'END_ARRAY'; item = next()) {
    list.push(binder.inside(link(), () => stringMember(binder, item)));
  }
  return list;
};

/** A Java `long`, or a string with one. */
export const longMember: MemberReader = (binder, token) => {
  if (token.type === 'VALUE_NULL' || token.type === 'VALUE_NUMBER')
    return Math.trunc(Number(token.text)) || 0;
  if (token.type !== 'VALUE_STRING') throw binder.mismatch('long', token);
  if (!/^\s*[+-]?\d*\s*$/.test(token.text)) {
    const problem = `Cannot deserialize value of type \`long\` from String "${token.text}": not a valid \`long\` value`;
    throw binder.problem(problem, token.at);
  }
  return Number(token.text);
};

/** Any JSON value. */
export const anyMember: MemberReader = (binder, token) => binder.any(token);

/**
 * Reads the one entity of a request body.
 *
 * @param arrayIsUnsupported POST responds to an array with 405. ResourceWebScriptPost detects one by searching the error
 *   text for `START_ARRAY` and `line: 1, column: 1`, which `column: 13` contains as well.
 * @throws ApiError 400 or 405
 */
export function readEntity(
  text: string,
  entity: EntityClass,
  { arrayIsUnsupported }: { arrayIsUnsupported: boolean },
): Record<string, unknown> | null {
  return reported(
    () => new EntityBinder(text, entity).bind(),
    (message) =>
      arrayIsUnsupported &&
      message.includes('START_ARRAY') &&
      message.includes('line: 1, column: 1'),
  );
}

/** Reads one entity or an array of them. @throws ApiError 400 */
export function readEntities(
  text: string,
  entity: EntityClass,
): (Record<string, unknown> | null)[] {
  return reported(() => new EntityBinder(text, entity, ['java.lang.Object[0]']).bindAll());
}

function reported<T>(read: () => T, isUnsupported = (_message: string): boolean => false): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BindingError || error instanceof JsonSyntaxError)) throw error;
    if (isUnsupported(error.message))
      throw new ApiError(405, 'Only 1 entity is supported in the HTTP request body');
    throw invalidArgument(`Could not read content from HTTP request body: ${error.message}`);
  }
}
