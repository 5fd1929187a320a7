import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ProblemException } from '../../problems/problem.exception.js';

/** A query parameter that is one of some words, or absent. @throws ProblemException VALIDATION_FAILED */
export class ChoicePipe<T extends string> implements PipeTransform<unknown, T | undefined> {
  /** @param isAnyCase whether capitals are as good: Python writes `True` and `False` */
  constructor(
    private readonly words: readonly T[],
    private readonly isAnyCase = false,
  ) {}

  transform(value: unknown, { data: parameter }: ArgumentMetadata): T | undefined {
    if (value === undefined) return undefined;
    const given = this.isAnyCase && typeof value === 'string' ? value.toLowerCase() : value;
    const word = this.words.find((one) => one === given);
    if (word !== undefined) return word;
    throw new ProblemException('VALIDATION_FAILED', {
      errors: [{ parameter, detail: `must be ${this.words.join(' or ')}` }],
    });
  }
}
