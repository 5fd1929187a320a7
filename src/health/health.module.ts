import { type DynamicModule, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { PACING_CONFIG, type Pacing } from '../config/pacing.js';
import { HealthController } from './health.controller.js';

/** Liveness and readiness. */
@Module({})
export class HealthModule {
  /** @param downloads the module that exports the client of Alfresco and the registry, for the checks */
  static forRoot(downloads: DynamicModule, pacing: Pick<Pacing, 'health'>): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), downloads],
      controllers: [HealthController],
      providers: [{ provide: PACING_CONFIG, useValue: pacing }],
    };
  }
}
