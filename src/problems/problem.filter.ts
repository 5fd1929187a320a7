import { Catch, type ArgumentsHost, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ObservedRequest } from '../observability/request.observer.js';
import { AllowedMethods } from './allowed-methods.js';
import { PROBLEM_MEDIA_TYPE, toProblemDocument } from './problem.document.js';
import { ProblemException } from './problem.exception.js';
import { toProblem } from './problem.mapper.js';
import { PROBLEM_PAGES } from './problem.type.js';

/** The one exception filter: everything that goes wrong in a request becomes a problem document here. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly allowedMethods: AllowedMethods,
    @Inject(PROBLEM_PAGES) private readonly pages: string,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.send(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Also used for what the router refuses before Nest sees the request (Fastify's `frameworkErrors`). */
  send(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    // A caller who leaves in the middle of his body is no failure of this service, and reads no answer.
    if (request.raw.destroyed && !request.raw.complete) return;
    const problem = this.withAllowedMethods(toProblem(thrown), request);
    note(problem, thrown, request);
    if (reply.sent || reply.raw.headersSent) {
      // Part of another answer is on its way: a cut connection is the only honest end.
      reply.raw.destroy();
      return;
    }
    void reply
      .code(problem.status)
      .headers({ ...problem.headers, 'cache-control': 'no-store', 'x-request-id': request.id })
      .type(PROBLEM_MEDIA_TYPE)
      .send(JSON.stringify(toProblemDocument(problem, request, this.pages)));
  }

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

/** For the line that the request gets in the log. */
function note(problem: ProblemException, thrown: unknown, { observed }: ObservedRequest): void {
  if (!observed) return;
  observed.problem = problem;
  if (problem.code === 'INTERNAL_ERROR' && thrown instanceof Error) observed.stack = thrown.stack;
}
