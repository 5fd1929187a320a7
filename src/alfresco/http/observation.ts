import { type Readable, finished } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Metrics } from '../../observability/metrics.js';
import { currentRequest } from '../../observability/request-context.js';
import { type TraceContext, traceHeaders } from '../../observability/tracing.js';
import type { CallDescription, CallSpan } from '../../observability/tracing.js';
import { CircuitBreakers } from './circuit-breaker.js';
import { transportProblem } from './transport-failure.js';
import {
  type Layer,
  UpstreamEvents,
  type UpstreamRequest,
  type UpstreamResponse,
} from './upstream-call.js';

const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** How calls to Alfresco fare. The label `operation` is one of few words, never a path with an id in it. */
@Injectable()
export class UpstreamMetrics {
  private readonly calls;

  constructor(metrics: Metrics, events: UpstreamEvents, breakers: CircuitBreakers) {
    this.calls = metrics.distribution(
      'bff_upstream_request_duration_seconds',
      'Each attempt of a call to Alfresco: JSON to the end of the response, content to its head. status is its class, or why there was none.',
      ['operation', 'status'],
    );
    const retries = metrics.counter(
      'bff_upstream_retries_total',
      'Calls to Alfresco that were made again after a failure.',
      ['operation'],
    );
    events.on('retry', ({ operation }) => {
      retries.inc({ operation });
      const request = currentRequest();
      if (request) request.retries++;
    });
    const rejections = metrics.counter(
      'bff_upstream_rejections_total',
      'Calls that were refused without asking Alfresco: a breaker was open, or all places for ZIPs were taken.',
      ['operation', 'reason'],
    );
    events.on('rejection', ({ operation, reason }) => rejections.inc({ operation, reason }));
    const resumes = metrics.counter(
      'bff_content_resumes_total',
      'Attempts to go on with a transfer that broke off at Alfresco, by what came of it.',
      ['outcome'],
    );
    // From 0 on: a series that begins with its first event has no increase for Prometheus, and raises no alert.
    for (const outcome of ['resumed', 'failed']) resumes.inc({ outcome }, 0);
    events.on('resume', ({ outcome }) => {
      resumes.inc({ outcome });
      const request = currentRequest();
      if (request && outcome === 'resumed') request.resumes++;
    });
    const states = metrics.labelledGauge(
      'bff_breaker_state',
      'Circuit breakers toward Alfresco: 0 closed, 1 half-open, 2 open.',
      ['operation'],
      'max',
      () => {
        for (const { operation, state } of breakers.states()) {
          states.set({ operation }, BREAKER_STATES[state]);
        }
      },
    );
  }

  /** @param status `2xx` to `5xx`, or the kind of failure */
  called(operation: string, status: string, milliseconds: number): void {
    this.calls.observe([operation, status], milliseconds / 1000);
  }
}

/**
 * Adds `X-Request-Id` and `traceparent` of the request on whose behalf a call is made, and counts and times each attempt.
 *
 * Without tracing, this service takes no part in a trace, and passes on what the caller sent as it is: the calls of
 * Alfresco then hang on the caller's own span (W3C Trace Context, section 3.4, allows both).
 *
 * @param origin of Alfresco
 */
export function observation(metrics: UpstreamMetrics, origin: string): Layer {
  return (next) =>
    async <T>(request: UpstreamRequest) => {
      const context = currentRequest();
      const call = new ObservedCall(request, origin);
      const span = context?.span?.startCall(call);
      if (context) addHeaders(request, span?.trace ?? context.trace, context.id);
      const startedAt = performance.now();
      const record = (status: string, code = status) => {
        const milliseconds = performance.now() - startedAt;
        metrics.called(call.operation, status, milliseconds);
        context?.called(code, milliseconds);
      };
      try {
        const response = await next<T>(request);
        record(`${Math.floor(response.status / 100)}xx`, String(response.status));
        if (span) endWith(response, request, span);
        return response;
      } catch (error) {
        const { kind, code } = failureOf(error);
        record(kind, code);
        span?.end({ error: kind });
        throw error;
      }
    };
}

/** Derives what it says only when asked: without tracing most is not needed. */
class ObservedCall implements CallDescription {
  constructor(
    private readonly request: UpstreamRequest,
    private readonly origin: string,
  ) {}

  get operation(): string {
    return `${this.method} ${this.template}`;
  }

  get method(): string {
    return this.request.method;
  }

  get template(): string {
    return this.request.template;
  }

  get url(): string {
    return this.origin + this.request.path;
  }
}

function addHeaders(
  { headers }: UpstreamRequest,
  trace: TraceContext | undefined,
  id: string,
): void {
  headers['X-Request-Id'] = id;
  if (trace) Object.assign(headers, traceHeaders(trace));
}

/** Why there was no response: one of few words, and the code that undici or Node gives it. */
function failureOf(error: unknown) {
  const { code: problem, diagnosis: code = 'unknown' } = transportProblem(error);
  if (code === 'CALLER_GONE') return { kind: 'caller_gone', code };
  return { kind: problem.replace(/^ALFRESCO_/, '').toLowerCase(), code };
}

/** The span of a transfer lasts as long as the transfer; the body of an error is not read. */
function endWith(
  { status, data }: UpstreamResponse<unknown>,
  { isStream }: UpstreamRequest,
  span: CallSpan,
): void {
  if (!isStream || status > 299) {
    span.end({ status });
    return;
  }
  finished(data as Readable, (error) => {
    span.end({ status, ...(error && { error: 'cut' }) });
  });
}
