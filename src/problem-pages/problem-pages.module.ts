import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AllowedMethods } from '../server/allowed-methods.js';
import { CatchAllFilter } from '../server/catch-all.filter.js';
import { PROBLEM_PAGES, problemPages } from '../problems/problem-type.js';
import { ProblemsController } from './problems.controller.js';

/** Problem documents for the whole application, and the pages that explain them. */
@Module({})
export class ProblemsModule {
  static forRoot(apiPrefix: string): DynamicModule {
    return {
      module: ProblemsModule,
      controllers: [ProblemsController],
      providers: [
        AllowedMethods,
        CatchAllFilter,
        { provide: APP_FILTER, useExisting: CatchAllFilter },
        { provide: PROBLEM_PAGES, useValue: problemPages(apiPrefix) },
      ],
      exports: [AllowedMethods, CatchAllFilter],
    };
  }
}
