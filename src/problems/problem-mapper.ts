import { ForbiddenException, HttpException } from '@nestjs/common';
import { type ProblemCode } from './problem-catalogue.js';
import { ProblemException } from './problem.exception.js';

/** What the router, the body parser and Nest itself throw, by Fastify's error code or by status. */
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
  // @fastify/static's, for paths that lead out of the folder of Swagger UI.
  403: 'ROUTE_NOT_FOUND',
  404: 'ROUTE_NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  412: 'PRECONDITION_FAILED',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  416: 'RANGE_NOT_SATISFIABLE',
  // Of Nest's own exceptions only @nestjs/terminus throws this one, when its module is being stopped.
  503: 'SHUTTING_DOWN',
};

/** Any thrown value as a problem; what is not known becomes `INTERNAL_ERROR`. */
export function toProblem(thrown: unknown): ProblemException {
  if (thrown instanceof ProblemException) return thrown;
  // Nest's own check of the request's origin; nothing else here throws one.
  if (thrown instanceof ForbiddenException) return new ProblemException('ORIGIN_FORBIDDEN');
  const code = BY_FASTIFY_CODE[fastifyCodeOf(thrown)] ?? BY_STATUS[statusOf(thrown)];
  return new ProblemException(code ?? 'INTERNAL_ERROR');
}

function fastifyCodeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  // Fastify's errors, those of its parsers, and "http-errors", which say by `expose` that a caller may see them; anything
  // else that carries a status did not mean it for a caller.
  const isForCaller =
    thrown instanceof SyntaxError ||
    fastifyCodeOf(thrown).startsWith('FST_ERR_') ||
    (thrown instanceof Error && 'expose' in thrown);
  return isForCaller ? Number((thrown as { statusCode?: unknown }).statusCode) : 0;
}
