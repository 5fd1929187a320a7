import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthenticatedRequest, CALLER } from '../auth/caller.js';
import { pathOf } from '../http/http-request.js';
import type { ServiceResponse } from '../server/service-response.js';
import { withoutSecrets } from './log.js';
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
 * As far as a path may be logged. The paths of this API consist of these characters; a client that makes a mistake may send
 * a secret behind another one (`/content%3Flink=…`), or a ticket in the place of an id.
 */
const OWN_PATH = /^(?:(?!TICKET_)[\w./:-]){0,256}/;

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
    return OWN_PATH.exec(pathOf(this.request.url))![0];
  }

  get scheme(): string {
    return this.request.protocol.toLowerCase();
  }

  get callerId(): string | undefined {
    return (this.request as AuthenticatedRequest)[CALLER]?.id;
  }

  /** Milliseconds since its head was read. */
  get age(): number {
    return performance.now() - this.startedAt;
  }

  get hasResponse(): boolean {
    return this.reply.raw.headersSent;
  }

  /** Whether the response was cut; valid once the connection or the response has ended. */
  get isAborted(): boolean {
    return !this.reply.raw.writableFinished;
  }

  get status(): number {
    return this.hasResponse ? this.reply.raw.statusCode : CLIENT_CLOSED_REQUEST;
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

/** Fields of the log line about a request that has ended. Never its query, its headers or its body, which hold secrets. */
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

function upstream({
  upstreamCalls,
  upstreamStatuses = new Map(),
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

/** `200*2 503`, in the order of their first occurrence. */
function listed(statuses: ReadonlyMap<string, number>): string {
  let text = '';
  for (const [status, count] of statuses) {
    text += `${text && ' '}${status}${count === 1 ? '' : `*${count}`}`;
  }
  return text;
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
