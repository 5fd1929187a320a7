import { AsyncLocalStorage } from 'node:async_hooks';
import type { ProblemException } from '../problems/problem.exception.js';
import type { FailureRecord } from '../problems/problem.filter.js';
import type { RequestSpan, TraceContext } from './tracing.js';

/** One request while it runs, for code that does not have the request itself: Alfresco's client, the log. */
export class RequestContext implements FailureRecord {
  problem?: ProblemException;
  stack?: string;
  /** Only with tracing. */
  span?: RequestSpan;
  upstreamCalls = 0;
  /** Milliseconds, the sum over all calls to Alfresco, also over simultaneous ones. */
  upstreamMs = 0;
  /** Number of calls by status, or by the code of the failure where there was none, in the order of the first of each. */
  upstreamStatuses?: { readonly status: string; count: number }[];
  retries = 0;
  resumes = 0;

  /**
   * @param id goes to Alfresco as `X-Request-Id`, and into every line of the log
   * @param trace what the caller sent as `traceparent`
   */
  constructor(
    readonly id: string,
    readonly trace?: TraceContext,
  ) {}

  /** Records the end of a call to Alfresco, with its status or the code of its failure. */
  called(status: string, milliseconds: number): void {
    this.upstreamCalls++;
    this.upstreamMs += milliseconds;
    const known = this.upstreamStatuses?.find((other) => other.status === status);
    if (known) known.count++;
    else (this.upstreamStatuses ??= []).push({ status, count: 1 });
  }
}

const storage = new AsyncLocalStorage<RequestContext | undefined>();

/** The request on whose behalf this code runs, if any. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** Runs `work`, and everything that it starts, on behalf of this request. */
export function runInRequest<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/**
 * Runs `work` on behalf of no request.
 *
 * For everything that outlives a request: timers, shared polls, pooled connections. They would otherwise carry the id of
 * the request that happened to come first, for as long as they live.
 */
export function runOutsideRequests<T>(work: () => T): T {
  return storage.run(undefined, work);
}
