import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from '../problems/problem-catalogue.js';
import { ProblemDocument } from '../problems/problem-document.js';
import { HEADERS, headers, textHeader } from './headers.js';
import { problemExamples } from './problem-components.js';

/** Whatever the route: what cannot be read, authentication, limits, a fault of Alfresco, a fault or the end of this service. */
const EVERYWHERE: readonly ProblemCode[] = [
  'MALFORMED_REQUEST',
  'UNAUTHENTICATED',
  'CALLER_NOT_ACCEPTED',
  'REQUEST_TIMEOUT',
  'TOO_MANY_REQUESTS',
  'HEADERS_TOO_LARGE',
  'IDENTITY_PROVIDER_UNAVAILABLE',
  'INTERNAL_ERROR',
  'ALFRESCO_ERROR',
  'ALFRESCO_BAD_RESPONSE',
  'ALFRESCO_CREDENTIALS_REJECTED',
  'ALFRESCO_UNREACHABLE',
  'ALFRESCO_UNAVAILABLE',
  'ALFRESCO_TIMEOUT',
  'SHUTTING_DOWN',
];

/** Documents the problems that a route can answer with: one response a status, one example a code. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(...problemResponses([...codes, ...EVERYWHERE], withDocument));
}

/** As `ApiProblems`, for HEAD: the same answers without their documents. */
export function ApiHeadProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(...problemResponses([...codes, ...EVERYWHERE], () => undefined));
}

/** As `ApiProblems`, for a route that neither authenticates nor fails for the common reasons. */
export function ApiOnlyProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(...problemResponses(codes, withDocument));
}

function problemResponses(
  codes: readonly ProblemCode[],
  contentOf: typeof withDocument | (() => undefined),
): MethodDecorator[] {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  const responses = [...byStatus].map(([status, group]) =>
    ApiResponse({
      status,
      description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].description}`).join('\n\n'),
      headers: headersOf(group),
      content: contentOf(group),
    }),
  );
  return [ApiExtraModels(ProblemDocument) as MethodDecorator, ...responses];
}

function withDocument(codes: readonly ProblemCode[]) {
  return {
    'application/problem+json': {
      schema: { $ref: getSchemaPath(ProblemDocument) },
      examples: problemExamples(codes),
    },
  };
}

/** Problems that say when to try again, whatever comes of it. */
const RETRIED_LATER: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'IDEMPOTENCY_KEY_IN_USE',
  'TOO_MANY_REQUESTS',
  'IDENTITY_PROVIDER_UNAVAILABLE',
  'ALFRESCO_CREDENTIALS_REJECTED',
  'ALFRESCO_UNAVAILABLE',
]);

function headersOf(codes: readonly ProblemCode[]) {
  return {
    ...(codes.includes('UNAUTHENTICATED') && headers('WWW-Authenticate')),
    ...(codes.some((code) => RETRIED_LATER.has(code)) && headers('Retry-After')),
    ...(codes.includes('CONTENT_NOT_READY') && {
      'Retry-After': {
        ...HEADERS['Retry-After'],
        description: `${HEADERS['Retry-After'].description} Absent when the download never will have content.`,
      },
    }),
    ...(codes.includes('UNSUPPORTED_MEDIA_TYPE') && {
      'Accept-Encoding': textHeader('Sent when the body had a `Content-Encoding`.', 'identity'),
    }),
    ...(codes.includes('RANGE_NOT_SATISFIABLE') && {
      'Content-Range': textHeader('The size of the whole ZIP.', 'bytes */20003105'),
    }),
  };
}
