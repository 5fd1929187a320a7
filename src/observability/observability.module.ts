import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Primary } from '../cluster/primary.channel.js';
import { DownloadEndings } from './download.endings.js';
import { LOG, type Log } from './log.js';
import { METRICS_PAGE, Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { RequestMetrics } from './request.metrics.js';
import { RequestObserver } from './request.observer.js';
import { TRACING, type Tracing } from './tracing.js';
import { UpstreamMetrics } from './upstream.metrics.js';
import { UpstreamObserver } from './upstream.observer.js';

export interface ObservabilityOptions {
  readonly log: Log;
  readonly tracing: Tracing | undefined;
  /** Whether Prometheus may ask. */
  readonly metrics: boolean;
  /** What can tell of all processes of the service, if there are several. */
  readonly primary?: Primary;
}

const OBSERVERS = [
  Metrics,
  RequestMetrics,
  RequestObserver,
  UpstreamMetrics,
  UpstreamObserver,
  DownloadEndings,
];

/** Log, metrics and traces, for every other module. */
@Module({})
export class ObservabilityModule implements OnApplicationShutdown {
  constructor(@Inject(TRACING) private readonly tracing: Tracing | undefined) {}

  static forRoot({ log, tracing, metrics, primary }: ObservabilityOptions): DynamicModule {
    return {
      module: ObservabilityModule,
      global: true,
      controllers: metrics ? [MetricsController] : [],
      providers: [
        { provide: LOG, useValue: log },
        { provide: TRACING, useValue: tracing },
        {
          provide: METRICS_PAGE,
          inject: [Metrics],
          useFactory: (own: Metrics) => () => (primary ? primary.call('metrics') : own.render()),
        },
        ...OBSERVERS,
      ],
      exports: OBSERVERS,
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.tracing?.shutdown();
  }
}
