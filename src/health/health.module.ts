import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';

/** Liveness and readiness. */
@Module({})
export class HealthModule {
  /**
   * @param downloads the module that exports `AlfrescoClient`
   * @param shutdown the module that exports `RequestDrain`
   */
  static forRoot(downloads: DynamicModule, shutdown: DynamicModule): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), downloads, shutdown],
      controllers: [HealthController],
    };
  }
}
