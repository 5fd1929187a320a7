import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';

/** Liveness and readiness. */
@Module({})
export class HealthModule {
  /** @param downloads the module that exports `AlfrescoClient` */
  static forRoot(downloads: DynamicModule): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), downloads],
      controllers: [HealthController],
    };
  }
}
