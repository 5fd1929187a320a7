import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ProblemException } from '../../problems/problem.exception.js';

/** A query parameter that is one of some words, or absent. @throws ProblemException VALIDATION_FAILED */
export class ChoicePipe<T extends string> implements PipeTransform<unknown, T | undefined> {
  constructor(private readonly words: readonly T[]) {}

  transform(value: unknown, { data: parameter }: ArgumentMetadata): T | undefined {
    const word = this.words.find((one) => one === value);
    if (word !== undefined || value === undefined) return word;
    throw new ProblemException('VALIDATION_FAILED', {
      errors: [{ parameter, detail: `must be ${this.words.join(' or ')}` }],
    });
  }
}
