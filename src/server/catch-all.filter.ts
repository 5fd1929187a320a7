import { Catch, type ArgumentsHost, type ExceptionFilter, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ObservedRequest } from '../observability/request-observer.js';
import { AllowedMethods } from './allowed-methods.js';
import { ProblemException } from '../problems/problem.exception.js';
import { toProblem } from '../problems/problem-mapper.js';
import { sendProblem } from '../problems/problem-reply.js';
import { PROBLEM_PAGES } from '../problems/problem-type.js';

/** Everything that goes wrong in a request of the service becomes a problem document: of the router, of parsers, of Nest. */
@Catch()
export class CatchAllFilter implements ExceptionFilter {
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
    const problem = this.withAllowedMethods(toProblem(thrown), request);
    const { observed } = request as ObservedRequest;
    if (observed && problem.code === 'INTERNAL_ERROR' && thrown instanceof Error) {
      observed.stack = thrown.stack;
    }
    sendProblem(problem, request, reply, this.pages);
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
