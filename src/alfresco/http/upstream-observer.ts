import { type Readable, finished } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { transportProblem } from './transport-failure.js';
import type { UpstreamResponse, Wire, UpstreamRequest2 } from './transport.js';
import { currentRequest, runOutsideRequests } from '../../observability/request-context.js';
import { type TraceContext, traceHeaders } from '../../observability/trace-context.js';
import type { CallDescription, CallSpan } from '../../observability/tracing.js';
import { UpstreamMetrics } from './upstream-metrics.js';

/** Every path of Alfresco's APIs goes on behind it. */
const VERSION = '/versions/1';
const ID = /^\/(downloads|nodes)\/[^/?]+/;

/** Sees every request to Alfresco and its answer, as a wire around the one that sends them. */
@Injectable()
export class UpstreamObserver {
  constructor(private readonly metrics: UpstreamMetrics) {}

  /**
   * Adds `X-Request-Id` and `traceparent` of the request on whose behalf a call is made, and counts and times it.
   *
   * Without tracing, this service takes no part in a trace, and passes on what the caller sent as it is: the calls of
   * Alfresco then hang on the caller's own span (W3C Trace Context, section 3.4, allows both).
   *
   * @param origin of Alfresco
   */
  observe(send: Wire, origin: string): Wire {
    return async <T>(request: UpstreamRequest2) => {
      const context = currentRequest();
      const call = new UpstreamCall(request, origin);
      const span = context?.span?.startCall(call);
      if (context) addHeaders(request, span?.trace ?? context.trace, context.id);
      const startedAt = performance.now();
      const note = (status: string, code = status) => {
        const milliseconds = performance.now() - startedAt;
        this.metrics.called(call.operation, status, milliseconds);
        context?.called(code, milliseconds);
      };
      try {
        // A connection that is opened for this call serves others later.
        const answer = await runOutsideRequests(() => send<T>(request));
        note(`${Math.floor(answer.status / 100)}xx`, String(answer.status));
        if (span) endWith(answer, request, span);
        return answer;
      } catch (error) {
        const { kind, code } = failureOf(error);
        note(kind, code);
        span?.end({ error: kind });
        throw error;
      }
    };
  }
}

/** What a call is about, worked out as far as somebody wants to know. */
class UpstreamCall implements CallDescription {
  constructor(
    private readonly request: UpstreamRequest2,
    private readonly origin: string,
  ) {}

  get operation(): string {
    return `${this.method} ${this.template}`;
  }

  get method(): string {
    return this.request.method;
  }

  get template(): string {
    const { path } = this.request;
    return path.slice(path.indexOf(VERSION) + VERSION.length).replace(ID, '/$1/{id}');
  }

  get url(): string {
    return this.origin + this.request.path;
  }
}

function addHeaders(
  { headers }: UpstreamRequest2,
  trace: TraceContext | undefined,
  id: string,
): void {
  headers['X-Request-Id'] = id;
  if (trace) Object.assign(headers, traceHeaders(trace));
}

/** Why there was no answer: one of few words, and the code that undici or Node gives it. */
function failureOf(error: unknown) {
  const { code: problem, diagnosis: code = 'unknown' } = transportProblem(error);
  if (code === 'CALLER_GONE') return { kind: 'caller_gone', code };
  return { kind: problem.replace(/^ALFRESCO_/, '').toLowerCase(), code };
}

/** The span of a transfer lasts as long as the transfer; what is no ZIP is not transferred. */
function endWith(
  { status, data }: UpstreamResponse<unknown>,
  { isStream }: UpstreamRequest2,
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
