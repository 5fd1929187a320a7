import { type DynamicModule, Module } from '@nestjs/common';
import { PROBLEM_PAGES, problemPages } from '../problems/problem-document.js';
import { ProblemsController } from './problems.controller.js';

/** The pages that explain problems. */
@Module({})
export class ProblemPagesModule {
  static forRoot(apiPrefix: string): DynamicModule {
    return {
      module: ProblemPagesModule,
      controllers: [ProblemsController],
      providers: [{ provide: PROBLEM_PAGES, useValue: problemPages(apiPrefix) }],
    };
  }
}
