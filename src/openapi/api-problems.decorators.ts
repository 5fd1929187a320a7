import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, type OpenAPIObject, getSchemaPath } from '@nestjs/swagger';
import { PROBLEMS, PROBLEM_CODES, type ProblemCode } from '../problems/problem-catalogue.js';
import {
  ProblemDocument,
  problemPages,
  problemType,
  toProblemDocument,
} from '../problems/problem-document.js';
import { ProblemException } from '../problems/problem.exception.js';
import { HEADERS, headers, textHeader } from './headers.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** Common to all routes: unreadable requests, authentication, limits, failures of Alfresco and of this service. */
const EVERYWHERE: readonly ProblemCode[] = [
  'VALIDATION_FAILED',
  'MALFORMED_REQUEST',
  'UNAUTHENTICATED',
  'CALLER_NOT_ACCEPTED',
  'CALLER_LOGGED_OUT',
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

/** Documents the problems that a route can respond with: one response for each status, one example for each code. */
export function ApiProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(...problemResponses([...codes, ...EVERYWHERE], withDocument));
}

/** `ApiProblems` for HEAD: the same responses without their documents. */
export function ApiHeadProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(...problemResponses([...codes, ...EVERYWHERE], () => undefined));
}

/** `ApiProblems` for a route that neither authenticates nor fails for the common reasons. */
export function ApiOnlyProblems(...codes: readonly ProblemCode[]): MethodDecorator {
  return applyDecorators(...problemResponses(codes, withDocument));
}

function problemResponses(
  codes: readonly ProblemCode[],
  contentOf: typeof withDocument | (() => undefined),
): MethodDecorator[] {
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code].status);
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

/** Problems that always say when to try again. */
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
        description: `${HEADERS['Retry-After'].description} Absent when the download will never have content.`,
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

/**
 * The schema of `code`: an enum, of which generators make a type. Each value is described for readers, and again under the
 * extension that generators read.
 *
 * @param pages path of the pages about problems
 */
export function problemCodeSchema(pages: string): Schemas[string] {
  const lines = PROBLEM_CODES.map((code) => {
    const { status, description } = PROBLEMS[code];
    return `- [\`${code}\`](${problemType(code, pages)}) (${status}): ${description}`;
  });
  return {
    type: 'string',
    enum: [...PROBLEM_CODES],
    description: `What has gone wrong; stable, meant for programs.\n\n${lines.join('\n')}`,
    'x-enum-descriptions': PROBLEM_CODES.map((code) => PROBLEMS[code].description),
  } as Schemas[string];
}

/**
 * One example for each code.
 *
 * @param pages path of the pages about problems
 */
export function problemExamples(codes: readonly ProblemCode[], pages = problemPages()) {
  return Object.fromEntries(
    codes.map((code) => [code, { summary: PROBLEMS[code].title, value: example(code, pages) }]),
  );
}

function example(code: ProblemCode, pages: string): ProblemDocument {
  const problem = new ProblemException(code, {
    ...(code === 'VALIDATION_FAILED' && {
      errors: [{ pointer: '/nodeIds/1', detail: 'repeats an earlier id' }],
    }),
  });
  const request = { url: '/downloads', id: '3f0f6c2e-2f7e-4b7e-9d0a-5c0f6a1d2e3f' };
  return toProblemDocument(problem, request, pages);
}
