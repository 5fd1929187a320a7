import type { PipeTransform, Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, getMetadataStorage, validateSync } from 'class-validator';
import { type FieldError, ProblemException } from './problem.exception.js';

/** Deeper than any DTO: class-transformer recurses, and a body can hold enough levels to overflow the stack. */
const MAX_DEPTH = 8;

type Body = Record<string, unknown>;

/**
 * Checks a body against its DTO and refuses unknown members.
 *
 * The DTO is an argument, and not the type of the parameter: an embedding application's global `ValidationPipe` would find it
 * there, too, and refuse the body first and in its own way. This is not a `ValidationPipe` itself, which goes through every
 * item of a body twice more: for the 30,000 that fit into one, that is a pause for all other callers.
 *
 * @throws ProblemException VALIDATION_FAILED
 */
export class BodyValidationPipe<T extends object> implements PipeTransform<unknown, T> {
  /** @param isOptional whether a request may have no body, which then counts as one without members */
  constructor(
    private readonly dto: Type<T>,
    private readonly isOptional = false,
  ) {}

  transform(given: unknown): T {
    const value = given === undefined && this.isOptional ? {} : given;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw failed([{ pointer: '', detail: 'must be a JSON object' }]);
    }
    const [known, unknown] = split(value as Body, this.dto);
    const errors: FieldError[] = unknown.map((name) => ({
      pointer: pointerTo(name),
      detail: 'is not a known member',
    }));
    if (reaches(known, MAX_DEPTH + 1)) {
      throw failed([...errors, { pointer: '', detail: 'is nested too deeply' }]);
    }
    const dto = plainToInstance(this.dto, known);
    errors.push(...firstOfEach(validateSync(dto).flatMap(toFieldErrors)));
    if (errors.length > 0) throw failed(errors);
    return dto;
  }
}

/**
 * The members that the DTO declares, and the names of the others. class-validator's whitelist is not enough: it
 * misses names that every object inherits, such as `constructor`.
 */
function split(body: Body, dto: Type<object>): [known: Body, unknown: string[]] {
  const declared = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  const names = new Set(declared.map(({ propertyName }) => propertyName));
  const known = Object.entries(body).filter(([name]) => names.has(name));
  return [Object.fromEntries(known), Object.keys(body).filter((name) => !names.has(name))];
}

/** Whether there is a value so many levels below this one. */
function reaches(value: unknown, levels: number): boolean {
  if (levels === 0) return true;
  if (typeof value !== 'object' || value === null) return false;
  const items: unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => reaches(item, levels - 1));
}

function failed(errors: readonly FieldError[]): ProblemException {
  return new ProblemException('VALIDATION_FAILED', { errors });
}

/** A rule that knows which items of an array break it (see `NoOffendingItems`) gets a pointer for each. */
function toFieldErrors({ property, value, constraints, contexts }: ValidationError): FieldError[] {
  const pointer = pointerTo(property);
  return Object.entries(constraints ?? {}).flatMap(([rule, message]): FieldError[] => {
    const offending: ((items: unknown) => number[]) | undefined = contexts?.[rule]?.offending;
    if (!offending) return [{ pointer, detail: message }];
    return offending(value).map((index) => ({ pointer: `${pointer}/${index}`, detail: message }));
  });
}

/** RFC 6901, section 3. */
function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** One message for each place, of the rule nearest to the property: what is not an array should not be called "empty", too. */
function firstOfEach(errors: readonly FieldError[]): FieldError[] {
  return [...Map.groupBy(errors, ({ pointer }) => pointer).values()].map(([first]) => first!);
}
