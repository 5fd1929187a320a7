import type { IncomingHttpHeaders } from 'node:http';

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

/** A caller's place in a distributed trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the caller's own span. */
  readonly parentId: string;
  readonly flags: number;
  /** `tracestate`, untouched; not there when it is not valid. */
  readonly state?: string;
}

const SAMPLED = 0x01;
/** Level 2: the trace id is random. */
const RANDOM = 0x02;

const TRACEPARENT =
  /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const MAX_STATE_LENGTH = 512;
const MAX_STATE_MEMBERS = 32;
const STATE_MEMBER =
  /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The trace that a request belongs to; `undefined` when it names none, or not as section 3.2 wants it.
 *
 * Several `traceparent` headers arrive joined by a comma, and so as none. A later version than 00 may have more
 * fields, and is read as far as 00 goes.
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

/** The headers that pass a trace on. */
export function traceHeaders({
  traceId,
  parentId,
  flags,
  state,
}: TraceContext): Record<string, string> {
  const traceparent = `00-${traceId}-${parentId}-${flags.toString(16).padStart(2, '0')}`;
  return state === undefined ? { traceparent } : { traceparent, tracestate: state };
}

/** Section 3.3. What is not valid is left out, and the trace goes on without it. */
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
