import { Logger } from '@nestjs/common';
import { type HttpReply, rawResponse, setHeaders } from '../http/http-reply.js';
import { type HttpRequest, rawRequest, requestIdOf } from '../http/http-request.js';
import { publicPathOf } from '../http/public-url.js';
import type { RequestContext } from '../observability/request.context.js';
import { PROBLEM_MEDIA_TYPE, toProblemDocument } from './problem.document.js';
import type { ProblemException } from './problem.exception.js';

const logger = new Logger('Problems');

/**
 * Answers with a problem document.
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
  reply.status(problem.status);
  setHeaders(reply, {
    ...problem.headers,
    'cache-control': 'no-store',
    'content-type': PROBLEM_MEDIA_TYPE,
    'x-request-id': id,
  });
  const document = toProblemDocument(
    problem,
    { url: request.originalUrl, id },
    publicPathOf(request) + pages,
  );
  reply.send(JSON.stringify(document));
}

/** For the line that the request gets in the log; an application that embeds the API writes none, and is told of failures. */
function note(problem: ProblemException, id: string, observed: RequestContext | undefined): void {
  if (observed) observed.problem = problem;
  else if (problem.status >= 500) {
    logger.warn(`${problem.code} [${id}] ${problem.diagnosis ?? ''}`.trimEnd());
  }
}
