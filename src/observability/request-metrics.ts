import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { PROBLEMS, type ProblemCode } from '../problems/problem-catalogue.js';
import { Metrics } from './metrics.js';
import type { ProblemException } from '../problems/problem.exception.js';
import type { OpenRequest, RequestEnd } from './open-request.js';

const PROBLEM_CODES = Object.keys(PROBLEMS) as ProblemCode[];

/** The route of all paths without one: a scanner would otherwise make a series of each. */
export const UNMATCHED = 'unmatched';

/** Metrics of requests, open ones included. */
@Injectable()
export class RequestMetrics {
  /**
   * Number of open requests by route. Not a `Set` of the requests themselves: old and always changing, it makes V8 carry
   * each of them through the collections of the young generation (measured: 16 % of the CPU time).
   */
  private readonly open = new Map<string, number>();
  private readonly connections = new Set<Socket>();
  private sentBefore = 0;
  private readonly durations;
  private readonly aborts;
  private readonly problems;

  constructor(metrics: Metrics) {
    this.durations = metrics.distribution(
      'bff_http_request_duration_seconds',
      'From the head of a request to the end of its response, transfers included. Status 499: the client disconnected before there was a response.',
      ['method', 'route', 'status'],
    );
    this.aborts = metrics.counter(
      'bff_http_requests_aborted_total',
      'Responses that did not reach their end: the client disconnected, or a transfer was cut because Alfresco failed.',
      ['method', 'route'],
    );
    this.problems = metrics.counter(
      'bff_problems_total',
      'Responses that are problem documents, by code.',
      ['code'],
    );
    // From 0 on: a series that begins with its first event has no increase for Prometheus, and raises no alert.
    for (const code of PROBLEM_CODES) this.problems.inc({ code }, 0);
    metrics.gauge('bff_http_requests_open', 'Requests that have not ended.', () =>
      this.countOpen(),
    );
    metrics.gauge('bff_content_streams_open', 'Requests for a ZIP that have not ended.', () =>
      this.countOpen(/\/content$/),
    );
    metrics.gauge(
      'bff_event_watchers_open',
      'Requests for a stream of events that have not ended.',
      () => this.countOpen(/\/events$/),
    );
    metrics.total('bff_http_sent_bytes_total', 'Bytes sent to callers, heads included.', () =>
      this.sentBytes(),
    );
  }

  /** Counts the bytes that this server sends. */
  watch(server: Server): void {
    const closed = (socket: Socket): void => {
      this.connections.delete(socket);
      this.sentBefore += socket.bytesWritten;
    };
    // Reads `this`, so that one function serves all connections.
    const onClose = function (this: Socket): void {
      closed(this);
    };
    server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.on('close', onClose);
    });
  }

  began({ route = UNMATCHED }: OpenRequest): void {
    this.open.set(route, (this.open.get(route) ?? 0) + 1);
  }

  ended(end: RequestEnd, problem: ProblemException | undefined): void {
    const { method, route = UNMATCHED, status } = end;
    this.open.set(route, this.open.get(route)! - 1);
    this.durations.observe([method, route, status], end.ms / 1000);
    if (end.isAborted) this.aborts.inc({ method, route });
    if (problem) this.problem(problem.code);
  }

  /** Counts one, also of a request that the HTTP parser refused. */
  problem(code: ProblemCode): void {
    this.problems.inc({ code });
  }

  private countOpen(route = /^/): number {
    let sum = 0;
    for (const [name, count] of this.open) if (route.test(name)) sum += count;
    return sum;
  }

  private sentBytes(): number {
    let bytes = this.sentBefore;
    for (const { bytesWritten } of this.connections) bytes += bytesWritten;
    return bytes;
  }
}
