import type { PipeTransform, Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import { ProblemException } from '../../problems/problem.exception.js';

/**
 * Checks the query of a request against its DTO. Other parameters are ignored, as Alfresco ignores them.
 *
 * It gets the DTO instead of taking it from the type of the parameter, for the reason that `BodyValidationPipe` has. Not a
 * `ValidationPipe`, which is asynchronous: most requests, and all that poll a status, have none of the parameters, and share
 * one frozen DTO of defaults.
 *
 * @throws ProblemException VALIDATION_FAILED
 */
export class QueryPipe<T extends object> implements PipeTransform<unknown, T> {
  private readonly names: ReadonlySet<string>;
  private readonly defaults: T;

  constructor(private readonly dto: Type<T>) {
    const declared = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
    this.names = new Set(declared.map(({ propertyName }) => propertyName));
    this.defaults = Object.freeze(new dto());
  }

  transform(query: Readonly<Record<string, unknown>>): T {
    let given: Record<string, unknown> | undefined;
    for (const name of this.names) {
      if (query[name] !== undefined) (given ??= {})[name] = query[name];
    }
    return given ? this.validate(given) : this.defaults;
  }

  private validate(given: Record<string, unknown>): T {
    const dto = plainToInstance(this.dto, given, { exposeDefaultValues: true });
    const error = validateSync(dto, { stopAtFirstError: true }).at(-1);
    if (!error) return dto;
    const [detail] = Object.values(error.constraints ?? {});
    throw new ProblemException('VALIDATION_FAILED', {
      errors: [{ parameter: error.property, detail: detail! }],
    });
  }
}
