import { type DynamicModule, Module } from '@nestjs/common';
import { RequestDrain, SHUTDOWN_GRACE_MS } from './request-drain.js';

/** The end of the service. */
@Module({})
export class ShutdownModule {
  static forRoot(graceMs: number): DynamicModule {
    return {
      module: ShutdownModule,
      providers: [{ provide: SHUTDOWN_GRACE_MS, useValue: graceMs }, RequestDrain],
      exports: [RequestDrain],
    };
  }
}
