import { ApiError, invalidArgument } from './api-error.ts';
import { JsonReader, JsonSyntaxError, sourceLocation, type Token } from './json-reader.ts';

export type JsonValue =
  string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/** Raised while a body is bound to a Java class; its message reads like Jackson's. */
class BindingError extends Error {}

/** Reads the value of one member; `undefined` is returned for null. */
export type MemberReader = (binder: EntityBinder, token: Token, name: string) => unknown;

/** The Java class a body is bound to. */
export interface EntityClass {
  javaName: string;
  members: Readonly<Record<string, MemberReader>>;
}

/**
 * Binds JSON to the members of a Java class as tolerantly, and as fussily, as Alfresco's JacksonHelper: the last of
 * several equal members wins, text after the object is ignored, unknown members are refused.
 */
export class EntityBinder {
  readonly #entity: EntityClass;
  readonly #reader: JsonReader;

  constructor(text: string, entity: EntityClass) {
    this.#entity = entity;
    this.#reader = new JsonReader(text);
  }

  /** The members, or null when the body is the word `null`. */
  bind(): Record<string, unknown> | null {
    const { javaName, members } = this.#entity;
    const first = this.#reader.next();
    if (first === undefined) throw this.problem('No content to map due to end-of-input', 0);
    if (first.type === 'VALUE_NULL') return null;
    if (first.type !== 'START_OBJECT') throw this.mismatch(javaName, first);
    const bound: Record<string, unknown> = {};
    for (let token = this.next(); token.type !== 'END_OBJECT'; token = this.next()) {
      const name = token.text;
      const read = Object.hasOwn(members, name) ? members[name] : undefined;
      if (read === undefined) throw this.#unknownMember(name, token);
      bound[name] = read(this, this.next(), name);
    }
    return bound;
  }

  next(): Token {
    const token = this.#reader.next();
    if (token === undefined) throw this.problem('Unexpected end-of-input', 0);
    return token;
  }

  /** Reads a value of any shape, which begins with the given token. */
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

  /** The value has another type than the Java class wants. */
  mismatch(javaType: string, token: Token, name?: string): Error {
    const shape = { START_ARRAY: 'Array', START_OBJECT: 'Object', VALUE_STRING: 'String' }[
      token.type as string
    ];
    const problem = `Cannot deserialize value of type \`${javaType}\` from ${shape ?? 'scalar'} value (token \`JsonToken.${token.type}\`)`;
    return this.problem(problem, token.at, name);
  }

  problem(text: string, at: number, name?: string): Error {
    const chain =
      name === undefined ? '' : ` (through reference chain: ${this.#entity.javaName}["${name}"])`;
    return new BindingError(`${text}\n at ${sourceLocation(this.#reader.locationOf(at))}${chain}`);
  }

  #unknownMember(name: string, token: Token): Error {
    const known = Object.keys(this.#entity.members);
    const list = known.map((member) => `"${member}"`).join(', ');
    return this.problem(
      `Unrecognized field "${name}" (class ${this.#entity.javaName}), not marked as ignorable (${known.length} known properties: ${list})`,
      token.at,
      name,
    );
  }
}

/** RestApiStringDeserializer: numbers and booleans become strings, the empty string becomes null. */
export const stringMember: MemberReader = (binder, token, name) => {
  if (token.type === 'START_ARRAY' || token.type === 'START_OBJECT')
    throw binder.mismatch('java.lang.String', token, name);
  return token.type === 'VALUE_NULL' || token.text === '' ? null : token.text;
};

/** A list of strings, for which one bare string will do. */
export const stringListMember: MemberReader = (binder, token, name) => {
  if (token.type === 'VALUE_NULL') return null;
  if (token.type !== 'START_ARRAY') return [stringMember(binder, token, name)];
  const list: unknown[] = [];
  for (let item = binder.next(); item.type !== 'END_ARRAY'; item = binder.next()) {
    list.push(stringMember(binder, item, name));
  }
  return list;
};

/** A Java `long`, also written as a string. */
export const longMember: MemberReader = (binder, token, name) => {
  if (token.type === 'VALUE_NULL' || token.type === 'VALUE_NUMBER')
    return Math.trunc(Number(token.text)) || 0;
  if (token.type !== 'VALUE_STRING') throw binder.mismatch('long', token, name);
  if (!/^\s*[+-]?\d*\s*$/.test(token.text)) {
    const problem = `Cannot deserialize value of type \`long\` from String "${token.text}": not a valid \`long\` value`;
    throw binder.problem(problem, token.at, name);
  }
  return Number(token.text);
};

/** Any JSON value. */
export const anyMember: MemberReader = (binder, token) => binder.any(token);

/**
 * Reads the one entity of a request body.
 *
 * @param arrayIsUnsupported POST answers an array with 405. ResourceWebScriptPost recognises one by searching the error
 *   text for `START_ARRAY` and `line: 1, column: 1`, which `column: 13` contains as well.
 * @throws ApiError 400 or 405
 */
export function readEntity(
  text: string,
  entity: EntityClass,
  { arrayIsUnsupported }: { arrayIsUnsupported: boolean },
): Record<string, unknown> | null {
  try {
    return new EntityBinder(text, entity).bind();
  } catch (error) {
    if (!(error instanceof BindingError || error instanceof JsonSyntaxError)) throw error;
    const { message } = error;
    if (
      arrayIsUnsupported &&
      message.includes('START_ARRAY') &&
      message.includes('line: 1, column: 1')
    ) {
      throw new ApiError(405, 'Only 1 entity is supported in the HTTP request body');
    }
    throw invalidArgument(`Could not read content from HTTP request body: ${message}`);
  }
}
