import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from '../../observability/metrics.js';
import { DownloadRegistry } from './download-registry.js';
import { timedRegistry } from './timed-registry.js';

/** Injection token of the registry as it was opened, which `DownloadRegistry` wraps with its metrics. */
export const STORE = Symbol('STORE');

/** The registry of downloads, closed at the end of the application. */
@Module({})
export class RegistryModule implements OnApplicationShutdown {
  constructor(@Inject(DownloadRegistry) private readonly registry: DownloadRegistry) {}

  /** @param options the module that exports `STORE` and `Metrics` */
  static forRoot(options: DynamicModule): DynamicModule {
    return {
      module: RegistryModule,
      imports: [options],
      providers: [
        {
          provide: DownloadRegistry,
          useFactory: (store: DownloadRegistry, metrics: Metrics) => timedRegistry(store, metrics),
          inject: [STORE, Metrics],
        },
      ],
      exports: [DownloadRegistry],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.registry.close();
  }
}
