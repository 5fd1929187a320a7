import type { OpenRequest } from './open.request.js';
import { withoutSecrets } from './redaction.js';
import type { RequestContext } from './request.context.js';

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
    upstreamStatus: Object.entries(upstreamStatuses)
      .map(([status, count]) => (count === 1 ? status : `${status}*${count}`))
      .join(' '),
    upstreamMs: rounded(upstreamMs),
    retries,
    resumes: resumes || undefined,
  };
}

/** To a hundredth of a millisecond. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
