import { Controller, UseFilters, UseGuards, applyDecorators } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { ProblemFilter } from '../problems/problem.filter.js';
import { KnownCallerGuard } from './known-caller.guard.js';

/** A controller of the API, which brings its guard and its filter into whatever application it is in. */
export function DownloadsApi(path: 'downloads' | 'nodes'): ClassDecorator {
  return applyDecorators(
    Controller(path),
    ApiTags(path),
    UseGuards(KnownCallerGuard),
    UseFilters(ProblemFilter),
  );
}
