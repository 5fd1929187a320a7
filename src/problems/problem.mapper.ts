import { HttpException } from '@nestjs/common';
import { type ProblemCode } from './problem.catalogue.js';
import { ProblemException } from './problem.exception.js';

/** What the router, the body parser and Nest itself throw, by Fastify's error code or by status. */
const BY_FASTIFY_CODE: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_BAD_URL: 'INVALID_ID',
  FST_ERR_MAX_PARAM_LENGTH: 'INVALID_ID',
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_BODY',
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_BODY',
};

const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'MALFORMED_BODY',
  // Nest's own check of the request's origin; nothing else here throws a ForbiddenException.
  403: 'ORIGIN_FORBIDDEN',
  404: 'ROUTE_NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  413: 'BODY_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** Any thrown value as a problem; what is not known becomes `INTERNAL_ERROR`. */
export function toProblem(thrown: unknown): ProblemException {
  if (thrown instanceof ProblemException) return thrown;
  const code = BY_FASTIFY_CODE[fastifyCodeOf(thrown)] ?? BY_STATUS[statusOf(thrown)];
  return new ProblemException(code ?? 'INTERNAL_ERROR');
}

function fastifyCodeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}

function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  // Set by Fastify and by its content-type parsers; anything else that carries a status did not mean it for a caller.
  const isParserError =
    thrown instanceof SyntaxError || fastifyCodeOf(thrown).startsWith('FST_ERR_');
  return isParserError ? Number((thrown as { statusCode?: unknown }).statusCode) : 0;
}
