import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEMS, type ProblemCode } from '../problems/problem.catalogue.js';
import { ProblemDocument, toProblemDocument } from '../problems/problem.document.js';
import { ProblemException } from '../problems/problem.exception.js';

/** Whatever the route: authentication, limits, a fault of Alfresco, a fault or the end of this service. */
const EVERYWHERE: readonly ProblemCode[] = [
  'UNAUTHENTICATED',
  'TOO_MANY_REQUESTS',
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
  return applyDecorators(...problemResponses([...codes, ...EVERYWHERE]));
}

/** As `ApiProblems`, for a route that neither authenticates nor fails for the common reasons. */
export function ApiOnlyProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(...problemResponses(codes));
}

function problemResponses(codes: readonly ProblemCode[]): MethodDecorator[] {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status);
  return [
    ApiExtraModels(ProblemDocument) as MethodDecorator,
    ...[...byStatus].map(([status, group]) => problemResponse(status, group)),
  ];
}

function problemResponse(status: number, codes: readonly ProblemCode[]): MethodDecorator {
  return ApiResponse({
    status,
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].description}`).join('\n\n'),
    headers: {
      'X-Request-Id': {
        description: 'Id of the request, also in the log.',
        schema: { type: 'string' },
      },
      ...headersOf(codes),
    },
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemDocument) },
        examples: Object.fromEntries(codes.map((code) => [code, problemExample(code)])),
      },
    },
  });
}

/** A header of an answer that is text. */
export const textHeader = (description: string) => ({
  description,
  schema: { type: 'string' as const },
});

const RATE_LIMIT_HEADERS = {
  'RateLimit-Policy': textHeader('The limits, e.g. `"caller";q=1200;w=60`: requests, and seconds.'),
  RateLimit: textHeader(
    'What is left of each, e.g. `"caller";r=0;t=42`, and seconds until it starts anew.',
  ),
};

/** Problems that say when to try again, whatever comes of it. */
const RETRIED_LATER: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'IDENTITY_PROVIDER_UNAVAILABLE',
  'ALFRESCO_UNAVAILABLE',
]);

function headersOf(codes: readonly ProblemCode[]) {
  return {
    ...(codes.includes('UNAUTHENTICATED') && {
      'WWW-Authenticate': textHeader('A challenge for each accepted scheme (RFC 7617, RFC 6750).'),
    }),
    ...(codes.includes('TOO_MANY_REQUESTS') && {
      'Retry-After': textHeader('Seconds until the limit starts anew.'),
      ...RATE_LIMIT_HEADERS,
    }),
    ...(codes.some((code) => RETRIED_LATER.has(code)) && {
      'Retry-After': textHeader('Seconds until it is worth trying again.'),
    }),
    ...(codes.includes('CONTENT_NOT_READY') && {
      'Retry-After': textHeader(
        'Seconds until it is worth asking again; absent when the download never will have content.',
      ),
    }),
    ...(codes.includes('RANGE_NOT_SATISFIABLE') && {
      'Content-Range': textHeader('`bytes */size`'),
    }),
  };
}

/** One example a code; each operation that can answer with it has it. */
export function problemExample(code: ProblemCode) {
  return { summary: PROBLEMS[code].title, value: exampleDocument(code) };
}

function exampleDocument(code: ProblemCode): ProblemDocument {
  const problem = new ProblemException(code, {
    ...(code === 'VALIDATION_FAILED' && {
      errors: [{ pointer: '/nodeIds/1', detail: 'repeats an earlier id' }],
    }),
  });
  return toProblemDocument(problem, {
    url: '/downloads',
    id: '3f0f6c2e-2f7e-4b7e-9d0a-5c0f6a1d2e3f',
  });
}
