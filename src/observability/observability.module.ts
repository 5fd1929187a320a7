import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Registry } from 'prom-client';
import type { WorkerContext } from '../config/worker-context.js';
import { LOG, type Log } from './log.js';
import { MetricsController } from './metrics.controller.js';
import { METRICS_PAGE, Metrics } from './metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { RequestObserver } from './request-observer.js';
import { TRACING, type Tracing } from './tracing.js';

export interface ObservabilityOptions {
  readonly log: Log;
  readonly tracing: Tracing | undefined;
  readonly registry: Registry;
  /** Whether Prometheus may ask for what is in the registry. */
  readonly metrics: boolean;
  /** Only in a worker. */
  readonly worker?: WorkerContext;
}

/** Log, metrics and traces of the service's requests. */
@Module({})
export class ObservabilityModule implements OnApplicationShutdown {
  constructor(@Inject(TRACING) private readonly tracing: Tracing | undefined) {}

  static forRoot({ log, tracing, registry, metrics, worker }: ObservabilityOptions): DynamicModule {
    return {
      module: ObservabilityModule,
      controllers: metrics ? [MetricsController] : [],
      providers: [
        { provide: LOG, useValue: log },
        { provide: TRACING, useValue: tracing },
        { provide: Metrics, useValue: new Metrics(registry) },
        RequestMetrics,
        RequestObserver,
        {
          provide: METRICS_PAGE,
          inject: [Metrics],
          useFactory: (own: Metrics) => () => (worker ? worker.metrics() : own.render()),
        },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tracing?.shutdown();
  }
}
