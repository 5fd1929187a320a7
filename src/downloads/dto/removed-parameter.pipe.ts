import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ProblemException } from '../../problems/problem.exception.js';

/** A query parameter of earlier versions, whose callers would not get what they ask for. @throws ProblemException VALIDATION_FAILED */
export class RemovedParameterPipe implements PipeTransform<unknown, undefined> {
  /** @param instead what to do now */
  constructor(private readonly instead: string) {}

  transform(value: unknown, { data: parameter }: ArgumentMetadata): undefined {
    if (value === undefined) return undefined;
    const detail = `is no longer accepted: ${this.instead}`;
    throw new ProblemException('VALIDATION_FAILED', { errors: [{ parameter, detail }] });
  }
}
