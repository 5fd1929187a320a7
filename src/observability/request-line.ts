import type { OpenRequest } from './open-request.js';
import { withoutSecrets } from './redaction.js';
import type { RequestContext } from './request-context.js';

/** What is logged of a request when it has ended. Never its query, its headers or its body. */
export function requestLine(request: OpenRequest): Record<string, unknown> {
  const { context, firstByteAfter } = request;
  const { problem, trace, span } = context;
  return {
    requestId: context.id,
    traceId: span?.trace.traceId ?? trace?.traceId,
    caller: request.callerId,
    method: request.method,
    route: request.route,
    path: request.path,
    status: request.status,
    ms: rounded(request.age),
    firstByteMs: firstByteAfter && rounded(firstByteAfter),
    bytes: request.bytes,
    aborted: request.isAborted || undefined,
    code: problem?.code,
    diagnosis: problem?.diagnosis,
    stack: context.stack && withoutSecrets(context.stack),
    ...(context.upstreamCalls > 0 && upstream(context)),
  };
}

/** Flat, which is half the cost of an object in the object. */
function upstream({
  upstreamCalls,
  upstreamStatuses,
  upstreamMs,
  retries,
  resumes,
}: RequestContext) {
  return {
    upstreamCalls,
    upstreamStatus: listed(upstreamStatuses),
    upstreamMs: rounded(upstreamMs),
    retries,
    resumes: resumes || undefined,
  };
}

/** `200*2 503`, as they first came. */
function listed(statuses: ReadonlyMap<string, number>): string {
  let text = '';
  for (const [status, count] of statuses) {
    text += `${text && ' '}${status}${count === 1 ? '' : `*${count}`}`;
  }
  return text;
}

/** To a hundredth of a millisecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
