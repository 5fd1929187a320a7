import {
  Controller,
  Get,
  Inject,
  Param,
  Req,
  Res,
  type Type,
  applyDecorators,
} from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../auth/auth.decorators.js';
import { varyByAccept } from '../http/http-reply.js';
import { acceptedType, publicPathOf } from '../http/http-request.js';
import { ApiOnlyProblems } from '../openapi/api-problems.decorators.js';
import { textHeader } from '../openapi/headers.js';
import { PROBLEM_PAGES, codeNamed, problemPages } from '../problems/problem-document.js';
import { ProblemException } from '../problems/problem.exception.js';
import { Unlimited } from '../rate-limit/rate-limits.js';
import {
  ProblemCatalogue,
  ProblemExplanation,
  cataloguePage,
  explain,
  explainAll,
  explanationPage,
} from './problem-explanation.js';

/** In seconds; a page changes with the version of the service only. */
const MAX_AGE = 3600;

const EXAMPLE = explain('DOWNLOAD_NOT_FOUND', problemPages());

/** Where the `type` of problem documents leads: a page for people, JSON for programs. Open to everyone. */
@Public()
@Unlimited()
@ApiTags('problems')
@Controller('problems')
export class ProblemsController {
  constructor(@Inject(PROBLEM_PAGES) private readonly pages: string) {}

  @Get()
  @ApiOperation({
    operationId: 'listProblems',
    summary: 'List all error codes',
    description: 'JSON, or with `Accept: text/html` a page that links to those of the codes.',
  })
  @ApiOnlyProblems('MALFORMED_REQUEST', 'SHUTTING_DOWN')
  @ApiJsonOrPage('The catalogue.', ProblemCatalogue, { problems: [EXAMPLE] })
  list(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ProblemCatalogue | string {
    const catalogue = explainAll(publicPathOf(request) + this.pages);
    return isPageWanted(request, reply) ? cataloguePage(catalogue) : catalogue;
  }

  @Get(':code')
  @ApiOperation({
    operationId: 'explainProblem',
    summary: 'Explain an error code',
    description:
      'Where the `type` of problem documents leads. JSON, or with `Accept: text/html` a page.',
  })
  @ApiParam({
    name: 'code',
    description:
      'The last part of a `type`, such as `download-not-found`, or a code as it is: `DOWNLOAD_NOT_FOUND`.',
    schema: { type: 'string', example: 'download-not-found' },
  })
  @ApiOnlyProblems('MALFORMED_REQUEST', 'INVALID_ID', 'ROUTE_NOT_FOUND', 'SHUTTING_DOWN')
  @ApiJsonOrPage('What the code means.', ProblemExplanation, EXAMPLE)
  get(
    @Param('code') name: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ProblemExplanation | string {
    const code = codeNamed(name);
    if (!code) {
      throw new ProblemException('ROUTE_NOT_FOUND', { detail: 'No problem has this code.' });
    }
    const pages = publicPathOf(request) + this.pages;
    const explanation = explain(code, pages);
    return isPageWanted(request, reply) ? explanationPage(explanation, pages) : explanation;
  }
}

/** Negotiates the type of a response, and sets the headers that depend on it. */
function isPageWanted(request: FastifyRequest, reply: FastifyReply): boolean {
  const type = acceptedType(request, 'application/json', 'text/html');
  varyByAccept(reply);
  reply.header('cache-control', `public, max-age=${MAX_AGE}`).type(`${type}; charset=utf-8`);
  return type === 'text/html';
}

function ApiJsonOrPage(description: string, model: Type, example: object): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(model) as MethodDecorator,
    ApiOkResponse({
      description,
      headers: {
        'Cache-Control': textHeader('Any cache may store it.', `public, max-age=${MAX_AGE}`),
        Vary: textHeader('JSON or HTML, as `Accept` says.', 'Accept'),
      },
      content: {
        'application/json': { schema: { $ref: getSchemaPath(model) }, example },
        'text/html': { schema: { type: 'string' }, example: '<!doctype html>…' },
      },
    }),
  );
}
