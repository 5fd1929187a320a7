import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  createTraceState,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Pacing } from '../config/pacing.js';
import { VERSION } from '../config/version.js';
import { runOutsideRequests } from './request-context.js';
import type {
  CallDescription,
  CallSpan,
  RequestDescription,
  RequestSpan,
  SpanEnd,
  TraceContext,
  Tracing,
} from './tracing.js';

/**
 * Sends spans over OTLP/HTTP, with attributes by the semantic conventions for HTTP.
 *
 * Not with OpenTelemetry's instrumentations: they patch modules while these are loaded, which needs a loader hook for ES
 * modules, and put whole URLs into `url.query` and `url.full`, with the secret of a signed link in the query.
 *
 * Import this module dynamically, and only where an endpoint is configured.
 */
export class OtlpTracing implements Tracing {
  private readonly provider: TracerProvider;
  private readonly tracer: Tracer;

  /** @param endpoint base of the collector; `/v1/traces` is added */
  constructor(
    endpoint: string,
    private readonly pacing: Pacing['tracing'],
  ) {
    this.provider = new TracerProvider({
      resource: defaultResource()
        .merge(
          resourceFromAttributes({
            'service.name': 'alfresco-downloads-bff',
            'service.version': VERSION,
          }),
        )
        .merge(
          detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] }),
        ),
      // The default sampler follows the flags of the caller's `traceparent`, and records requests without one.
      spanProcessors: [new BatchSpanProcessor({ exporter: new SpanExporter(endpoint) })],
    });
    this.tracer = this.provider.getTracer('alfresco-downloads-bff', VERSION);
  }

  startRequest(request: RequestDescription, caller?: TraceContext): RequestSpan {
    const { method, route, path, scheme, id } = request;
    const parent = caller
      ? trace.setSpanContext(ROOT_CONTEXT, {
          traceId: caller.traceId,
          spanId: caller.parentId,
          traceFlags: caller.flags,
          isRemote: true,
          ...(caller.state !== undefined && { traceState: createTraceState(caller.state) }),
        })
      : ROOT_CONTEXT;
    const span = this.tracer.startSpan(
      route === undefined ? spanMethod(method) : `${spanMethod(method)} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': method,
          'url.path': path,
          'url.scheme': scheme,
          'request.id': id,
          ...(route !== undefined && { 'http.route': route }),
        },
      },
      parent,
    );
    return {
      trace: traceOf(span, caller?.state),
      startCall: (call) => this.startCall(span, call, caller?.state),
      // By the conventions, a 4xx is an error of the client, and so not of a server's span.
      end: (how) => endSpan(span, how, 500),
    };
  }

  async shutdown(): Promise<void> {
    const flushed = this.provider.shutdown().catch(() => {});
    await Promise.race([flushed, delay(this.pacing.flushMs, undefined, { ref: false })]);
  }

  private startCall(parent: Span, call: CallDescription, state: string | undefined): CallSpan {
    const { method, template, url } = call;
    const { hostname, port, protocol } = new URL(url);
    const attributes: Attributes = {
      'http.request.method': method,
      'url.full': url,
      'url.template': template,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    };
    const span = this.tracer.startSpan(
      `${method} ${template}`,
      { kind: SpanKind.CLIENT, attributes },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    return {
      trace: traceOf(span, state),
      end: (how) => endSpan(span, how, 400),
    };
  }
}

/** For the name of a span, which must have few values. */
function spanMethod(method: string): string {
  return method === '_OTHER' ? 'HTTP' : method;
}

function traceOf(span: Span, state: string | undefined): TraceContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceId,
    parentId: spanId,
    flags: traceFlags,
    ...(state !== undefined && { state }),
  };
}

function endSpan(span: Span, { status, error }: SpanEnd, errorsFrom: number): void {
  if (status !== undefined) span.setAttribute('http.response.status_code', status);
  if (error !== undefined || status === undefined || status >= errorsFrom) {
    span.setAttribute('error.type', error ?? String(status));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

const WARN_EVERY_MS = 60_000;

/** OTLP over HTTP with JSON. Logs that a collector does not take spans, which OpenTelemetry does not by default. */
class SpanExporter extends OTLPTraceExporter {
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

  /** Without the text of the error, which quotes the collector. */
  private warn(count: number): void {
    if (Date.now() < this.nextWarningAt) return;
    this.nextWarningAt = Date.now() + WARN_EVERY_MS;
    this.logger.warn(`${count} spans are lost: OTEL_EXPORTER_OTLP_ENDPOINT does not take them`);
  }
}
