import { Catch, type ArgumentsHost, type ExceptionFilter, Inject } from '@nestjs/common';
import type { HttpReply } from '../http/http-reply.js';
import type { HttpRequest } from '../http/http-request.js';
import { ProblemException } from './problem.exception.js';
import { sendProblem } from './problem-reply.js';
import { PROBLEM_PAGES } from './problem-type.js';

/**
 * Problem documents for the routes of the downloads API, in whatever application it is. What is no problem, as an exception
 * of the application's own guards or a defect, is left to the filters of the application.
 */
@Catch(ProblemException)
export class ProblemFilter implements ExceptionFilter<ProblemException> {
  constructor(@Inject(PROBLEM_PAGES) private readonly pages: string) {}

  catch(problem: ProblemException, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(problem, http.getRequest<HttpRequest>(), http.getResponse<HttpReply>(), this.pages);
  }
}
