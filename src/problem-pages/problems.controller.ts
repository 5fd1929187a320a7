import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../auth/auth.decorators.js';
import { acceptedType, publicPathOf } from '../http/http-request.js';
import { varyByAccept } from '../http/http-reply.js';
import { Unlimited } from '../rate-limit/rate-limits.js';
import { ProblemException } from '../problems/problem.exception.js';
import {
  ProblemCatalogue,
  ProblemExplanation,
  explain,
  explainAll,
} from './problem-explanation.js';
import { cataloguePage, explanationPage } from './catalogue-pages.js';
import { PROBLEM_PAGES, codeNamed } from '../problems/problem-document.js';
import { ApiExplainProblem, ApiListProblems } from './problems-api.decorators.js';

/** Seconds that anyone may keep a page; it changes with the version of the service only. */
const MAX_AGE = 3600;

/** What each code means, where `type` leads to: as a page for people, as JSON for programs. Open to everyone. */
@Public()
@Unlimited()
@ApiTags('problems')
@Controller('problems')
export class ProblemsController {
  constructor(@Inject(PROBLEM_PAGES) private readonly pages: string) {}

  @Get()
  @ApiListProblems()
  list(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): ProblemCatalogue | string {
    const catalogue = explainAll(publicPathOf(request) + this.pages);
    return negotiated(request, reply, catalogue, () => cataloguePage(catalogue));
  }

  @Get(':code')
  @ApiExplainProblem()
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
    return negotiated(request, reply, explanation, () => explanationPage(explanation, pages));
  }
}

function negotiated<Json>(
  request: FastifyRequest,
  reply: FastifyReply,
  json: Json,
  html: () => string,
): Json | string {
  const type = acceptedType(request, 'application/json', 'text/html');
  varyByAccept(reply);
  reply.header('cache-control', `public, max-age=${MAX_AGE}`).type(`${type}; charset=utf-8`);
  return type === 'text/html' ? html() : json;
}
