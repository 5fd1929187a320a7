import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AllowedMethods } from './allowed-methods.js';
import { ProblemFilter } from './problem.filter.js';

/** Problem documents for the whole application. */
@Module({
  providers: [AllowedMethods, ProblemFilter, { provide: APP_FILTER, useExisting: ProblemFilter }],
  exports: [AllowedMethods, ProblemFilter],
})
export class ProblemsModule {}
