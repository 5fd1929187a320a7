import type { TraceContext } from './trace-context.js';

/** How a request or a call to Alfresco ended. */
export interface SpanEnd {
  /** Not there when there was no answer. */
  readonly status?: number;
  /** `error.type`: a code of which there are few; not there when all went well. */
  readonly error?: string;
}

/** What is being asked for. Holds no query and no credentials. */
export interface RequestDescription {
  readonly id: string;
  /** One of the common ones, or `_OTHER`. */
  readonly method: string;
  /** Not there when no route matched. */
  readonly route?: string;
  readonly path: string;
  readonly scheme: string;
}

/** A request of this service to Alfresco. */
export interface CallDescription {
  readonly method: string;
  /** The path with `{id}` instead of an id. */
  readonly template: string;
  readonly url: string;
}

/** The span of a call to Alfresco. */
export interface CallSpan {
  /** For the headers of the call; the parent in it is this span. */
  readonly trace: TraceContext;
  end(how: SpanEnd): void;
}

/** The span of a request that came in. */
export interface RequestSpan {
  readonly trace: TraceContext;
  startCall(call: CallDescription): CallSpan;
  end(how: SpanEnd): void;
}

/** Where spans go. */
export interface Tracing {
  /** @param caller the trace that the caller named, which decides whether the span is recorded */
  startRequest(request: RequestDescription, caller?: TraceContext): RequestSpan;
  /** Sends what has not been sent, within seconds. Never throws. */
  shutdown(): Promise<void>;
}

/** Injection token of the `Tracing`, which is `undefined` where none is configured. */
export const TRACING = Symbol('TRACING');
