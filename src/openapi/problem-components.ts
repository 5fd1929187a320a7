import type { OpenAPIObject } from '@nestjs/swagger';
import { PROBLEMS, PROBLEM_CODES, type ProblemCode } from '../problems/problem-catalogue.js';
import {
  type ProblemDocument,
  problemPages,
  problemType,
  toProblemDocument,
} from '../problems/problem-document.js';
import { ProblemException } from '../problems/problem.exception.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/**
 * The schema of `code`: an enum, since generators make a type of that, with a description of each value for readers, and
 * again in the form that generators look for.
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
 * One example a code.
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
