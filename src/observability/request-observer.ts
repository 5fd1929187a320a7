import type { Server } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { UnreadableRequest } from '../server/client-error-handler.js';
import { LOG, type Log } from './log.js';
import { OpenRequest, requestLine } from './open-request.js';
import { RequestContext } from './request-context.js';
import { RequestMetrics, UNMATCHED } from './request-metrics.js';
import { TRACING, type Tracing, parseTraceContext } from './tracing.js';

const PROBE = /^\/(?:health\/|metrics$)/;

/** A request that is being observed. */
export type ObservedRequest = FastifyRequest & { observed?: RequestContext };

/** Sees every request from its head to the end of its answer: one line in the log, its metrics, its span. */
@Injectable()
export class RequestObserver {
  constructor(
    private readonly metrics: RequestMetrics,
    @Inject(LOG) private readonly log: Log,
    @Inject(TRACING) private readonly tracing?: Tracing,
  ) {}

  /** Counts what the connections of this server carry. */
  watch(server: Server): void {
    this.metrics.watch(server);
  }

  /** Has to be called for each request before anything else is done for it. */
  begin(request: ObservedRequest, reply: FastifyReply): RequestContext {
    const context = new RequestContext(request.id, parseTraceContext(request.headers));
    request.observed = context;
    const open = new OpenRequest(request, reply, context);
    context.span = this.tracing?.startRequest(open, context.trace);
    this.metrics.began(open);
    // The one event that comes for every answer: hijacked, finished, or cut.
    reply.raw.on('close', () => this.end(open));
    return context;
  }

  /** What the HTTP parser refused is in the log and among the problems, too, with all that is known of it. */
  unreadable({ id, problem }: UnreadableRequest): void {
    const { code } = problem;
    const status = problem.getStatus();
    this.metrics.problem(code);
    this.log.requests.info({ requestId: id, status, code }, `unreadable request ${status}`);
  }

  private end(request: OpenRequest): void {
    const { method, route = UNMATCHED, status } = request;
    this.metrics.ended(request);
    this.endSpan(request);
    const level = levelOf(request);
    if (!this.log.requests.isLevelEnabled(level)) return;
    this.log.requests[level](requestLine(request), `${method} ${route} ${status}`);
  }

  private endSpan({ context, status, isAnswered, isAborted }: OpenRequest): void {
    const failure = status >= 500 ? context.problem?.code : undefined;
    context.span?.end({
      status: isAnswered ? status : undefined,
      error: isAborted ? 'aborted' : failure,
    });
  }
}

/** Probes and Prometheus ask all day long; what is wrong then is worth a line all the same. */
function levelOf({
  context,
  route = '',
  status,
}: OpenRequest): 'error' | 'warn' | 'info' | 'debug' {
  if (context.problem?.code === 'INTERNAL_ERROR') return 'error';
  if (status >= 500) return 'warn';
  return PROBE.test(route) ? 'debug' : 'info';
}
