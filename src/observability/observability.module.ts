import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Registry } from 'prom-client';
import type { AppConfig } from '../config/app-config.js';
import type { WorkerContext } from '../config/worker-context.js';
import { LOG, type Log } from './log.js';
import { MetricsController } from './metrics.controller.js';
import { METRICS_PAGE, Metrics } from './metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { RequestObserver } from './request-observer.js';
import { SessionMetrics } from './session-metrics.js';
import { TRACING, type Tracing } from './tracing.js';

/** Made before the application, for what happens while it is built. */
export interface Observation {
  readonly log: Log;
  readonly tracing: Tracing | undefined;
  /** Only in a worker. */
  readonly worker: WorkerContext | undefined;
}

/** Log, metrics and traces of the service's requests. */
@Module({})
export class ObservabilityModule implements OnApplicationShutdown {
  constructor(@Inject(TRACING) private readonly tracing: Tracing | undefined) {}

  /** @param registry that Prometheus reads if `metrics` is on */
  static forRoot(
    config: Pick<AppConfig, 'metrics'>,
    { log, tracing, worker }: Observation,
    registry: Registry,
  ): DynamicModule {
    const metrics = new Metrics(registry);
    return {
      module: ObservabilityModule,
      controllers: config.metrics ? [MetricsController] : [],
      providers: [
        { provide: LOG, useValue: log },
        { provide: TRACING, useValue: tracing },
        { provide: Metrics, useValue: metrics },
        // Whichever worker Prometheus reaches, it reads about all of them.
        { provide: METRICS_PAGE, useValue: () => (worker ? worker.metrics() : metrics.render()) },
        RequestMetrics,
        RequestObserver,
        SessionMetrics,
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tracing?.shutdown();
  }
}
