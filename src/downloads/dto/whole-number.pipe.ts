import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ProblemException } from '../../problems/problem.exception.js';

/** A query parameter that is a whole number, or its default. @throws ProblemException VALIDATION_FAILED */
export class WholeNumberPipe implements PipeTransform<unknown, number> {
  constructor(
    private readonly limits: {
      readonly minimum: number;
      readonly maximum: number;
      readonly default: number;
    },
  ) {}

  transform(value: unknown, { data: parameter }: ArgumentMetadata): number {
    const { minimum, maximum } = this.limits;
    if (value === undefined) return this.limits.default;
    const number = toNumber(value);
    if (number >= minimum && number <= maximum) return number;
    throw new ProblemException('VALIDATION_FAILED', {
      errors: [{ parameter, detail: `must be a whole number from ${minimum} to ${maximum}` }],
    });
  }
}

/** A global `ValidationPipe` of an application that embeds the API may have converted it. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return Number.isInteger(value) ? value : NaN;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : NaN;
}
