import type { IncomingHttpHeaders } from 'node:http';

/** A place in a distributed trace (W3C Trace Context, https://www.w3.org/TR/trace-context/). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span from which the trace goes on. */
  readonly parentId: string;
  readonly flags: number;
  /** `tracestate`, untouched; absent if invalid. */
  readonly state?: string;
}

const SAMPLED = 0x01;
/** Only in level 2 of the specification: the trace id is random. */
const RANDOM = 0x02;

const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const MAX_STATE_LENGTH = 512;
const MAX_STATE_MEMBERS = 32;
const STATE_MEMBER =
  /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The trace that a request belongs to; `undefined` if it names none, or not as section 3.2 demands.
 *
 * Node joins several `traceparent` headers with a comma, which makes them invalid. A later version than 00 may have more
 * fields, which are ignored (section 3.2.4).
 */
export function parseTraceContext(headers: IncomingHttpHeaders): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return undefined;
  const [, version, traceId, parentId, flags, more] = TRACEPARENT.exec(traceparent) ?? [];
  if (!traceId || !parentId || (version === '00' && more !== undefined)) return undefined;
  const state = typeof tracestate === 'string' ? validState(tracestate) : undefined;
  return {
    traceId,
    parentId,
    flags: Number.parseInt(flags!, 16) & (SAMPLED | RANDOM),
    ...(state !== undefined && { state }),
  };
}

/** The headers that propagate a trace. */
export function traceHeaders({
  traceId,
  parentId,
  flags,
  state,
}: TraceContext): Record<string, string> {
  const traceparent = `00-${traceId}-${parentId}-${flags.toString(16).padStart(2, '0')}`;
  return state === undefined ? { traceparent } : { traceparent, tracestate: state };
}

/** Section 3.3: an invalid `tracestate` is dropped, and the trace goes on without it. */
function validState(text: string): string | undefined {
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const isValid =
    text.length <= MAX_STATE_LENGTH &&
    members.length > 0 &&
    members.length <= MAX_STATE_MEMBERS &&
    members.every((member) => STATE_MEMBER.test(member));
  return isValid ? text : undefined;
}

/** How a request or a call to Alfresco ended. */
export interface SpanEnd {
  /** Absent when there was no response. */
  readonly status?: number;
  /** `error.type`, one of few codes; absent after a success. */
  readonly error?: string;
}

/** A request to this service, without its query and credentials. */
export interface RequestDescription {
  readonly id: string;
  /** One of the common ones, or `_OTHER`. */
  readonly method: string;
  /** Absent when no route matched. */
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
  /** For the headers of the call: the trace goes on from this span. */
  readonly trace: TraceContext;
  end(how: SpanEnd): void;
}

/** The span of a request to this service. */
export interface RequestSpan {
  readonly trace: TraceContext;
  startCall(call: CallDescription): CallSpan;
  end(how: SpanEnd): void;
}

/** Records spans. A port: `OtlpTracing` implements it with OpenTelemetry, which is loaded only where it is used. */
export interface Tracing {
  /** @param caller the trace of the caller, whose flags decide whether the span is recorded */
  startRequest(request: RequestDescription, caller?: TraceContext): RequestSpan;
  /** Sends the remaining spans, within seconds. Never throws. */
  shutdown(): Promise<void>;
}

/** Injection token of the `Tracing`; `undefined` unless configured. */
export const TRACING = Symbol('TRACING');
