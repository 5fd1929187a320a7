import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthenticatedRequest, CALLER } from '../auth/caller.js';
import { pathOf } from '../http/http-request.js';
import type { ServiceResponse } from '../server/service-response.js';
import type { ProblemException } from '../problems/problem.exception.js';
import { membersOf, withoutSecrets } from './log.js';
import type { RequestContext } from './request-context.js';

/** nginx's code for a client that disconnected before there was a response. */
const CLIENT_CLOSED_REQUEST = 499;

/** RFC 9110 and RFC 5789 without CONNECT and TRACE. */
const COMMON_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/**
 * As far as a path may be logged. The paths of this API consist of these characters, none of which JSON escapes; a client that
 * makes a mistake may send a secret behind another one (`/content%3Flink=…`), or a ticket in the place of an id.
 */
const OWN_PATH = /^(?:(?!TICKET_)[\w./:-]){0,256}/;
/** The usual request target, which is a path of this API and nothing else. */
const PLAIN_TARGET = /^\/[\w./:-]{0,255}$/;

/** How a request ended: the same for its log line, its metrics and its span. */
export interface RequestEnd {
  /** A common one or `_OTHER`. */
  readonly method: string;
  /** The pattern; absent when none matched. */
  readonly route: string | undefined;
  /** That of the response, or 499. */
  readonly status: number;
  /** Milliseconds since its head was read. */
  readonly ms: number;
  readonly hasResponse: boolean;
  /** Whether the response was cut. */
  readonly isAborted: boolean;
}

/** A request from its head to the end of its response, as seen from outside; the inside is `RequestContext`. */
export class OpenRequest {
  /** The pattern; absent when none matched. Read at once: `callNotFound()` removes it from the request later. */
  readonly route: string | undefined;
  private readonly startedAt = performance.now();
  private readonly socket: Socket;
  private readonly bytesBefore: number;

  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
    readonly context: RequestContext,
  ) {
    this.route = request.routeOptions?.url;
    this.socket = request.raw.socket;
    this.bytesBefore = this.socket.bytesWritten;
  }

  get id(): string {
    return this.context.id;
  }

  /** A common one or `_OTHER`: it labels metrics, and a client can send any of the three dozen that Node parses. */
  get method(): string {
    const { method } = this.request;
    return COMMON_METHODS.has(method) ? method : '_OTHER';
  }

  get path(): string {
    const { url } = this.request;
    if (PLAIN_TARGET.test(url) && !url.includes('TICKET_')) return url;
    return OWN_PATH.exec(pathOf(url))![0];
  }

  get scheme(): string {
    return this.request.protocol.toLowerCase();
  }

  get callerId(): string | undefined {
    return (this.request as AuthenticatedRequest)[CALLER]?.id;
  }

  /** To be called once the connection or the response has ended. */
  end(): RequestEnd {
    const { headersSent: hasResponse, statusCode, writableFinished } = this.reply.raw;
    return {
      method: this.method,
      route: this.route,
      status: hasResponse ? statusCode : CLIENT_CLOSED_REQUEST,
      ms: performance.now() - this.startedAt,
      hasResponse,
      isAborted: !writableFinished,
    };
  }

  /** Milliseconds until the response began. */
  get firstByteAfter(): number | undefined {
    const { begunAt } = this.reply.raw as Partial<ServiceResponse>;
    return begunAt ? begunAt - this.startedAt : undefined;
  }

  /** Sent so far, headers included. On a connection with pipelined requests, those of the others count, too. */
  get bytes(): number {
    return this.socket.bytesWritten - this.bytesBefore;
  }
}

/**
 * Members of the log line about a request that has ended, as JSON. Never its query, its headers or its body, which hold secrets.
 *
 * Not by `JSON.stringify`, which would take as long as everything else about the line: most members cannot need an escape.
 */
export function requestLine(request: OpenRequest, end: RequestEnd): string {
  const { context, callerId, firstByteAfter } = request;
  const { problem, span } = context;
  const traceId = (span?.trace ?? context.trace)?.traceId;
  let line = `"requestId":"${context.id}"`;
  if (traceId !== undefined) line += `,"traceId":"${traceId}"`;
  if (callerId !== undefined) line += `,"caller":${JSON.stringify(callerId)}`;
  line += `,"method":"${end.method}"`;
  if (end.route !== undefined) line += `,"route":${JSON.stringify(end.route)}`;
  line += `,"path":"${request.path}","status":${end.status},"ms":${rounded(end.ms)}`;
  if (firstByteAfter !== undefined) line += `,"firstByteMs":${rounded(firstByteAfter)}`;
  line += `,"bytes":${request.bytes}`;
  if (end.isAborted) line += ',"aborted":true';
  if (problem) line += `,${failureMembers(context, problem)}`;
  if (context.upstreamCalls > 0) line += `,${upstreamMembers(context)}`;
  return line;
}

function failureMembers({ stack }: RequestContext, { code, diagnosis }: ProblemException): string {
  return membersOf({ code, diagnosis, stack: stack && withoutSecrets(stack) });
}

function upstreamMembers({
  upstreamCalls,
  upstreamStatuses = [],
  upstreamMs,
  retries,
  resumes,
}: RequestContext): string {
  const statuses = upstreamStatuses
    .map(({ status, count }) => (count === 1 ? status : `${status}*${count}`))
    .join(' ');
  const line = `"upstreamCalls":${upstreamCalls},"upstreamStatus":"${statuses}","upstreamMs":${rounded(upstreamMs)},"retries":${retries}`;
  return resumes > 0 ? `${line},"resumes":${resumes}` : line;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
