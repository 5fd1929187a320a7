import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  ForbiddenException,
  HttpException,
  Inject,
  Optional,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  CHALLENGE,
  type Challenge,
  type FailingRequest,
  sendProblem,
} from '../problems/problem.filter.js';
import type { ProblemCode } from '../problems/problem-catalogue.js';
import { PROBLEM_PAGES } from '../problems/problem-document.js';
import { ProblemException } from '../problems/problem.exception.js';
import { AllowedMethods } from './allowed-methods.js';

/** Makes a problem document of everything that fails in a request of the service: in the router, in parsers, in Nest. */
@Catch()
export class CatchAllFilter implements ExceptionFilter {
  constructor(
    private readonly allowedMethods: AllowedMethods,
    @Inject(PROBLEM_PAGES) private readonly pages: string,
    @Optional() @Inject(CHALLENGE) private readonly challenge?: Challenge,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also for what the router refuses before Nest sees the request (Fastify's `frameworkErrors`). */
  send(thrown: unknown, request: FastifyRequest & FailingRequest, reply: FastifyReply): void {
    const problem = this.withAllowedMethods(toProblem(thrown), request);
    const { observed } = request;
    if (observed && problem.code === 'INTERNAL_ERROR' && thrown instanceof Error) {
      observed.stack = thrown.stack;
    }
    sendProblem(problem, request, reply, this.pages, this.challenge);
  }

  /** Fastify responds with 404 to a method that a path does not take, for which HTTP has 405 (RFC 9110, section 15.5.6). */
  private withAllowedMethods(problem: ProblemException, request: FastifyRequest): ProblemException {
    if (problem.code !== 'ROUTE_NOT_FOUND') return problem;
    const methods = this.allowedMethods.of(request.url);
    if (methods.length === 0 || methods.includes(request.method)) return problem;
    return new ProblemException('METHOD_NOT_ALLOWED', {
      detail: `The method ${request.method} is not allowed here; allowed: ${methods.join(', ')}.`,
      headers: { allow: methods.join(', ') },
    });
  }
}

const BY_FASTIFY_CODE: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_BAD_URL: 'MALFORMED_REQUEST',
  FST_ERR_MAX_PARAM_LENGTH: 'INVALID_ID',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_BODY',
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_BODY',
};

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'MALFORMED_BODY',
  // From @fastify/static, for paths that lead out of the folder of Swagger UI.
  403: 'ROUTE_NOT_FOUND',
  404: 'ROUTE_NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  412: 'PRECONDITION_FAILED',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  416: 'RANGE_NOT_SATISFIABLE',
  // Of Nest's own exceptions, @nestjs/terminus alone throws this one, while its module is being stopped.
  503: 'SHUTTING_DOWN',
};

/** Any thrown value as a problem; what is not known becomes `INTERNAL_ERROR`. */
export function toProblem(thrown: unknown): ProblemException {
  if (thrown instanceof ProblemException) return thrown;
  // From `enableCsrfProtection`; nothing else here throws one.
  if (thrown instanceof ForbiddenException) return new ProblemException('ORIGIN_FORBIDDEN');
  const code = BY_FASTIFY_CODE[fastifyCodeOf(thrown)] ?? BY_STATUS[statusOf(thrown)];
  return new ProblemException(code ?? 'INTERNAL_ERROR');
}

function fastifyCodeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** 0 unless the error was made for the client; any other error that has a status got it from elsewhere, as from Alfresco. */
function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  const isForClient =
    thrown instanceof SyntaxError ||
    fastifyCodeOf(thrown).startsWith('FST_ERR_') ||
    // "http-errors" of Fastify's plugins
    (thrown instanceof Error && 'expose' in thrown);
  return isForClient ? Number((thrown as { statusCode?: unknown }).statusCode) : 0;
}
