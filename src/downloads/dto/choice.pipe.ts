import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ProblemException } from '../../problems/problem.exception.js';

/** A query parameter that is one of some words, in any case, or absent. @throws ProblemException VALIDATION_FAILED */
export class ChoicePipe<T extends string> implements PipeTransform<unknown, T | undefined> {
  constructor(private readonly words: readonly T[]) {}

  transform(value: unknown, { data: parameter }: ArgumentMetadata): T | undefined {
    if (value === undefined) return undefined;
    // Python writes True and False.
    const word = this.words.find((one) => typeof value === 'string' && one === value.toLowerCase());
    if (word !== undefined) return word;
    throw new ProblemException('VALIDATION_FAILED', {
      errors: [{ parameter, detail: `must be ${this.words.join(' or ')}` }],
    });
  }
}
