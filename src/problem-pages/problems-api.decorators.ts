import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  getSchemaPath,
} from '@nestjs/swagger';
import { ApiOnlyProblems } from '../openapi/api-problems.decorator.js';
import { textHeader } from '../openapi/headers.js';
import { ProblemCatalogue, ProblemExplanation, explain } from './problem-explanation.js';
import { problemPages } from '../problems/problem-document.js';

const EXAMPLE = explain('DOWNLOAD_NOT_FOUND', problemPages());

const HEADERS = {
  'Cache-Control': textHeader('Everyone may keep it.', 'public, max-age=3600'),
  Vary: textHeader('JSON or HTML, as `Accept` says.', 'Accept'),
};

/** GET /problems. */
export function ApiListProblems(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'listProblems',
      summary: 'List all error codes',
      description: 'JSON, or with `Accept: text/html` a page that links to those of the codes.',
    }),
    response('The catalogue.', ProblemCatalogue, { problems: [EXAMPLE] }),
    ApiOnlyProblems('MALFORMED_REQUEST', 'SHUTTING_DOWN'),
  );
}

/** GET /problems/{code}. */
export function ApiExplainProblem(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      operationId: 'explainProblem',
      summary: 'Explain an error code',
      description:
        'Where the `type` of problem documents leads to. JSON, or with `Accept: text/html` a page.',
    }),
    ApiParam({
      name: 'code',
      description:
        'The last part of a `type`, such as `download-not-found`, or a code as it is: `DOWNLOAD_NOT_FOUND`.',
      schema: { type: 'string', example: 'download-not-found' },
    }),
    response('What the code means.', ProblemExplanation, EXAMPLE),
    ApiOnlyProblems('MALFORMED_REQUEST', 'INVALID_ID', 'ROUTE_NOT_FOUND', 'SHUTTING_DOWN'),
  );
}

/** The same in two types. */
function response(description: string, model: Type, example: object): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(model) as MethodDecorator,
    ApiOkResponse({
      description,
      headers: HEADERS,
      content: {
        'application/json': { schema: { $ref: getSchemaPath(model) }, example },
        'text/html': { schema: { type: 'string' }, example: '<!doctype html>…' },
      },
    }),
  );
}
