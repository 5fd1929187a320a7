import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AllowedMethods } from './allowed-methods.js';
import { CatchAllFilter } from './catch-all.filter.js';

/** Problem documents for the whole application. */
@Module({
  providers: [AllowedMethods, CatchAllFilter, { provide: APP_FILTER, useExisting: CatchAllFilter }],
  exports: [AllowedMethods, CatchAllFilter],
})
export class ProblemsModule {}
