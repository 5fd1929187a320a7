import { Logger } from '@nestjs/common';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { runOutsideRequests } from './request-context.js';

/** Milliseconds between two lines of the log about the same trouble. */
const WARN_EVERY_MS = 60_000;

/** OTLP over HTTP with JSON. Says in the log when a collector does not take spans, which OpenTelemetry keeps to itself. */
export class SpanExporter extends OTLPTraceExporter {
  private readonly logger = new Logger('Tracing');
  private nextWarningAt = 0;

  constructor(endpoint: string) {
    super({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  }

  override export(...[spans, done]: Parameters<OTLPTraceExporter['export']>): void {
    super.export(spans, (result) => {
      if (result.error) runOutsideRequests(() => this.warn(spans.length));
      done(result);
    });
  }

  /** Not with the error's text: it quotes what the collector says. */
  private warn(count: number): void {
    if (Date.now() < this.nextWarningAt) return;
    this.nextWarningAt = Date.now() + WARN_EVERY_MS;
    this.logger.warn(`${count} spans are lost: OTEL_EXPORTER_OTLP_ENDPOINT does not take them`);
  }
}
