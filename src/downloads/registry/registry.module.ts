import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { StoreConfig } from '../../config/app.config.js';
import { Metrics } from '../../observability/metrics.js';
import { DownloadRegistry } from './download.registry.js';
import { openRegistry } from './registry.factory.js';
import { TimedRegistry } from './timed.registry.js';

/** The registry of downloads, closed at the end of the application. */
@Module({})
export class RegistryModule implements OnApplicationShutdown {
  constructor(@Inject(DownloadRegistry) private readonly registry: DownloadRegistry) {}

  /** Opens the store at once. @throws ConfigurationError when it cannot be used */
  static forRoot(config: StoreConfig): DynamicModule {
    const registry = openRegistry(config);
    return {
      module: RegistryModule,
      providers: [
        {
          provide: DownloadRegistry,
          useFactory: (metrics: Metrics) => new TimedRegistry(registry, metrics),
          inject: [Metrics],
        },
      ],
      exports: [DownloadRegistry],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.registry.close();
  }
}
