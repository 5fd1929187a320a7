import { Logger } from '@nestjs/common';
import { type HttpReply, rawResponse, setHeaders, varyByAccept } from '../http/http-reply.js';
import {
  acceptedType,
  type HttpRequest,
  publicPathOf,
  rawRequest,
  requestIdOf,
} from '../http/http-request.js';
import type { RequestContext } from '../observability/request-context.js';
import { PROBLEM_MEDIA_TYPE, toProblemDocument } from './problem-document.js';
import { occurrencePage } from '../problem-pages/problem-page.js';
import type { ProblemException } from './problem.exception.js';

const logger = new Logger('Problems');

/**
 * Responds with a problem document, or with a page that says the same.
 *
 * @param pages path of the pages about problems, as the service knows it
 */
export function sendProblem(
  problem: ProblemException,
  request: HttpRequest & { readonly observed?: RequestContext },
  reply: HttpReply,
  pages: string,
): void {
  const { destroyed, complete } = rawRequest(request);
  // A caller who leaves in the middle of his body is no failure of this service, and reads no answer.
  if (destroyed && !complete) return;
  const id = requestIdOf(request);
  note(problem, id, request.observed);
  const response = rawResponse(reply);
  if (reply.sent || response.headersSent) {
    // Part of another answer is on its way: a cut connection is the only honest end.
    response.destroy();
    return;
  }
  const document = toProblemDocument(
    problem,
    { url: request.originalUrl, id },
    publicPathOf(request) + pages,
  );
  const mayBePage = /^(?:GET|HEAD)$/.test(request.method);
  const isPage = mayBePage && prefersPage(request);
  reply.status(problem.status);
  setHeaders(reply, {
    ...problem.headers,
    'cache-control': 'no-store',
    'content-type': isPage ? 'text/html; charset=utf-8' : PROBLEM_MEDIA_TYPE,
    'x-request-id': id,
  });
  if (mayBePage) varyByAccept(reply);
  reply.send(isPage ? occurrencePage(document) : JSON.stringify(document));
}

/** Whether a person has followed a link: programs prefer JSON, or do not say. */
function prefersPage(request: HttpRequest): boolean {
  const { accept } = request.headers;
  return (
    accept !== undefined &&
    acceptedType(request, 'application/problem+json', 'application/json', 'text/html') ===
      'text/html'
  );
}

/** For the line that the request gets in the log; an application that embeds the API writes none, and is told of failures. */
function note(problem: ProblemException, id: string, observed: RequestContext | undefined): void {
  if (observed) observed.problem = problem;
  else if (problem.status >= 500) {
    logger.warn(`${problem.code} [${id}] ${problem.diagnosis ?? ''}`.trimEnd());
  }
}
