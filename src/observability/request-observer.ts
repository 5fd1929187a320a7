import type { Server } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { UnreadableRequest } from '../server/client-error-handler.js';
import type { ProblemException } from '../problems/problem.exception.js';
import { LOG, type Log, membersOf } from './log.js';
import { OpenRequest, type RequestEnd, requestLine } from './open-request.js';
import { RequestContext } from './request-context.js';
import { RequestMetrics, UNMATCHED } from './request-metrics.js';
import { type RequestSpan, TRACING, type Tracing, parseTraceContext } from './tracing.js';

const PROBE = /^\/(?:health\/|metrics$)/;

type ObservedRequest = FastifyRequest & { observed?: RequestContext };

/** Observes every request from its head to the end of its response: one line in the log, its metrics, its span. */
@Injectable()
export class RequestObserver {
  constructor(
    private readonly metrics: RequestMetrics,
    @Inject(LOG) private readonly log: Log,
    @Inject(TRACING) private readonly tracing?: Tracing,
  ) {}

  /** Counts the bytes that this server sends. */
  watch(server: Server): void {
    this.metrics.watch(server);
  }

  /** To be called for each request before anything else is done for it, or its log line and metrics miss that. */
  begin(request: ObservedRequest, reply: FastifyReply): RequestContext {
    const context = new RequestContext(request.id, parseTraceContext(request.headers));
    request.observed = context;
    const open = new OpenRequest(request, reply, context);
    context.span = this.tracing?.startRequest(open, context.trace);
    this.metrics.began(open);
    // The only event that comes for every response: hijacked, finished, or cut.
    reply.raw.on('close', () => this.end(open));
    return context;
  }

  /** Logs and counts what the HTTP parser refused, which never became a request. */
  unreadable({ id, problem }: UnreadableRequest): void {
    const { code } = problem;
    const status = problem.getStatus();
    this.metrics.problem(code);
    const { requests } = this.log;
    if (!requests.isLevelEnabled('info')) return;
    const members = membersOf({ requestId: id, status, code });
    requests.write('info', members, `unreadable request ${status}`);
  }

  private end(request: OpenRequest): void {
    const { context } = request;
    const end = request.end();
    this.metrics.ended(end, context.problem);
    if (context.span) endSpan(context.span, end, context.problem);
    const { requests } = this.log;
    const level = levelOf(end, context.problem);
    if (!requests.isLevelEnabled(level)) return;
    const { method, route = UNMATCHED, status } = end;
    requests.write(level, requestLine(request, end), `${method} ${route} ${status}`);
  }
}

function endSpan(
  span: RequestSpan,
  { status, hasResponse, isAborted }: RequestEnd,
  problem: ProblemException | undefined,
): void {
  const failure = status >= 500 ? problem?.code : undefined;
  span.end({
    status: hasResponse ? status : undefined,
    error: isAborted ? 'aborted' : failure,
  });
}

/** Probes and Prometheus would fill the log; their failures are logged like all others. */
function levelOf(
  { route = '', status }: RequestEnd,
  problem: ProblemException | undefined,
): 'error' | 'warn' | 'info' | 'debug' {
  if (problem?.code === 'INTERNAL_ERROR') return 'error';
  if (status >= 500) return 'warn';
  return PROBE.test(route) ? 'debug' : 'info';
}
