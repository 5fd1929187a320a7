import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { AppConfig } from '../config/app-config.js';
import { PROBLEM_PAGES, problemPages } from '../problems/problem-document.js';
import { AllowedMethods } from './allowed-methods.js';
import { CatchAllFilter } from './catch-all.filter.js';
import { RequestDrain, SHUTDOWN_GRACE_MS } from './request-drain.js';

/** The providers among the parts of the server; `createApp` connects them to Fastify. */
@Module({})
export class ServerModule {
  static forRoot({
    http,
    shutdownGraceMs,
  }: Pick<AppConfig, 'http' | 'shutdownGraceMs'>): DynamicModule {
    return {
      module: ServerModule,
      global: true,
      providers: [
        { provide: PROBLEM_PAGES, useValue: problemPages(http.apiPrefix) },
        AllowedMethods,
        CatchAllFilter,
        { provide: APP_FILTER, useExisting: CatchAllFilter },
        { provide: SHUTDOWN_GRACE_MS, useValue: shutdownGraceMs },
        RequestDrain,
      ],
      exports: [PROBLEM_PAGES, AllowedMethods, CatchAllFilter, RequestDrain],
    };
  }
}
