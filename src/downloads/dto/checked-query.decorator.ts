import { type ExecutionContext, type Type, createParamDecorator } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { HttpRequest } from '../../http/http-request.js';
import { ProblemException } from '../../problems/problem.exception.js';
import { BoundedMap } from '../../store/bounded-map.js';

/** Queries that are remembered, and their longest JSON: clients choose what is in them. */
const MAX_REMEMBERED = 50;
const MAX_REMEMBERED_LENGTH = 200;

/**
 * The query of a request, checked against this DTO, as a parameter of a handler. Not `@Query()` with a pipe, for which Nest makes
 * ten promises at each request.
 */
export function CheckedQuery(dto: Type<object>): ParameterDecorator {
  const check = new QueryCheck(dto);
  const queryOf = createParamDecorator((_data: unknown, context: ExecutionContext) => {
    const { query } = context.switchToHttp().getRequest<Pick<HttpRequest, 'query'>>();
    return check.of(query as Readonly<Record<string, unknown>>);
  });
  return (target, method, index) => {
    const handler = Object.getOwnPropertyDescriptor(target, method!)!;
    ApiQuery({ type: dto })(target, method!, handler);
    queryOf()(target, method, index);
  };
}

/**
 * Checks queries against a DTO. Other parameters are ignored, as Alfresco ignores them.
 *
 * Clients that poll send the same query again and again, most of them none at all, and share one frozen DTO.
 *
 * @throws ProblemException VALIDATION_FAILED
 */
export class QueryCheck<T extends object> {
  private readonly names: ReadonlySet<string>;
  private readonly defaults: T;
  private readonly checked = new BoundedMap<string, T>(MAX_REMEMBERED);

  constructor(private readonly dto: Type<T>) {
    const declared = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
    this.names = new Set(declared.map(({ propertyName }) => propertyName));
    this.defaults = Object.freeze(new dto());
  }

  of(query: Readonly<Record<string, unknown>>): T {
    let given: Record<string, unknown> | undefined;
    for (const name of this.names) {
      if (query[name] !== undefined) (given ??= {})[name] = query[name];
    }
    return given ? this.check(given) : this.defaults;
  }

  private check(given: Record<string, unknown>): T {
    const key = JSON.stringify(given);
    const known = this.checked.get(key);
    if (known) return known;
    const dto = Object.freeze(plainToInstance(this.dto, given, { exposeDefaultValues: true }));
    const error = validateSync(dto, { stopAtFirstError: true }).at(-1);
    if (error) throw invalid(error.property, Object.values(error.constraints ?? {})[0]!);
    if (key.length <= MAX_REMEMBERED_LENGTH) this.checked.set(key, dto);
    return dto;
  }
}

function invalid(parameter: string, detail: string): ProblemException {
  return new ProblemException('VALIDATION_FAILED', { errors: [{ parameter, detail }] });
}
