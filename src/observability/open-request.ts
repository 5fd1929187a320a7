import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthenticatedRequest, CALLER } from '../auth/caller.js';
import { pathOf } from '../http/http-request.js';
import type { ServiceResponse } from '../server/service-response.js';
import { withoutSecrets } from './log.js';
import type { RequestContext } from './request-context.js';

/** What nginx calls a request whose caller left before there was an answer. */
const CALLER_LEFT = 499;

/**
 * The paths of this API consist of these; a caller's slip may put a secret into others (`/content%3Flink=…`), or a
 * ticket in the place of an id.
 */
const OWN_PATH = /^(?:(?!TICKET_)[\w./:-]){0,256}/;

/** A request from its head to the end of its answer, as it is seen from outside. */
export class OpenRequest {
  /** The pattern; not there when none matched. Kept: `callNotFound()` takes it from a request that has begun. */
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

  get method(): string {
    return methodLabel(this.request.method);
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

  /** Whether its answer has begun. */
  get isAnswered(): boolean {
    return this.reply.raw.headersSent;
  }

  /** Whether its answer did not reach its end; only after its end. */
  get isAborted(): boolean {
    return !this.reply.raw.writableFinished;
  }

  /** Of the answer. */
  get status(): number {
    return this.isAnswered ? this.reply.raw.statusCode : CALLER_LEFT;
  }

  /** Milliseconds until the answer began. */
  get firstByteAfter(): number | undefined {
    const { begunAt } = this.reply.raw as Partial<ServiceResponse>;
    return begunAt ? begunAt - this.startedAt : undefined;
  }

  /** Sent so far, the head included; of a connection with several requests at once, those of the others, too. */
  get bytes(): number {
    return this.socket.bytesWritten - this.bytesBefore;
  }
}

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

const KNOWN: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** A request method for metrics and spans: Node knows three dozen, and any caller can send them. */
export function methodLabel(method: string): string {
  return KNOWN.has(method) ? method : '_OTHER';
}
