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
    requests.write('info', { requestId: id, status, code }, `unreadable request ${status}`);
  }

  private end(request: OpenRequest): void {
    const { method, route = UNMATCHED, status } = request;
    this.metrics.ended(request);
    this.endSpan(request);
    const level = levelOf(request);
    if (!this.log.requests.isLevelEnabled(level)) return;
    this.log.requests.write(level, requestLine(request), `${method} ${route} ${status}`);
  }

  private endSpan({ context, status, hasResponse, isAborted }: OpenRequest): void {
    const failure = status >= 500 ? context.problem?.code : undefined;
    context.span?.end({
      status: hasResponse ? status : undefined,
      error: isAborted ? 'aborted' : failure,
    });
  }
}

/** Probes and Prometheus would fill the log; their failures are logged like all others. */
function levelOf({
  context,
  route = '',
  status,
}: OpenRequest): 'error' | 'warn' | 'info' | 'debug' {
  if (context.problem?.code === 'INTERNAL_ERROR') return 'error';
  if (status >= 500) return 'warn';
  return PROBE.test(route) ? 'debug' : 'info';
}
