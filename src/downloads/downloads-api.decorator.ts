import { Controller, UseFilters, UseGuards, applyDecorators } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CallerGuard } from '../auth/caller.guard.js';
import { ProblemFilter } from '../problems/problem.filter.js';

/** A controller of the API, which brings its guard and its filter into whatever application it is in. */
export function DownloadsApi(path: 'downloads' | 'nodes'): ClassDecorator {
  return applyDecorators(
    Controller(path),
    ApiTags(path),
    UseGuards(CallerGuard),
    UseFilters(ProblemFilter),
  );
}
