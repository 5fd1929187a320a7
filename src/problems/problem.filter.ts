import type { IncomingHttpHeaders } from 'node:http';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  Inject,
  Logger,
  Optional,
} from '@nestjs/common';
import { type HttpReply, rawResponse, setHeaders, varyByAccept } from '../http/http-reply.js';
import {
  type HttpRequest,
  acceptedType,
  publicPathOf,
  rawRequest,
  requestIdOf,
} from '../http/http-request.js';
import { PROBLEM_MEDIA_TYPE, PROBLEM_PAGES, toProblemDocument } from './problem-document.js';
import { occurrencePage } from './problem-page.js';
import { ProblemException } from './problem.exception.js';

const logger = new Logger('Problems');

/** `WWW-Authenticate` of a 401 for a request with these headers. */
export type Challenge = (headers: IncomingHttpHeaders) => string;

/** Injection token of the `Challenge`. An application that embeds the API has none: how to log in is up to it. */
export const CHALLENGE = Symbol('CHALLENGE');

/** The failure of a request, for its line in the log. */
export interface FailureRecord {
  problem?: ProblemException;
  /** Of an INTERNAL_ERROR. */
  stack?: string;
}

/** A request; `observed` when something writes a log line about it. */
export type FailingRequest = HttpRequest & { readonly observed?: FailureRecord };

/**
 * Problem documents for the routes of the downloads API, in whatever application it is mounted. Everything else that is thrown,
 * by the application's own guards or by a defect, is left to the filters of the application.
 */
@Catch(ProblemException)
export class ProblemFilter implements ExceptionFilter<ProblemException> {
  constructor(
    @Inject(PROBLEM_PAGES) private readonly pages: string,
    @Optional() @Inject(CHALLENGE) private readonly challenge?: Challenge,
  ) {}

  catch(problem: ProblemException, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    sendProblem(
      problem,
      http.getRequest<FailingRequest>(),
      http.getResponse<HttpReply>(),
      this.pages,
      this.challenge,
    );
  }
}

/**
 * Responds with a problem document, or with a page that says the same.
 *
 * @param pages path of the pages about problems, as the service knows it
 * @param challenge of a 401 that has none: RFC 9110, section 15.5.2, requires one
 */
export function sendProblem(
  problem: ProblemException,
  request: FailingRequest,
  reply: HttpReply,
  pages: string,
  challenge?: Challenge,
): void {
  const { destroyed, complete } = rawRequest(request);
  // A client that disconnects in the middle of its body is not a failure of this service, and reads no response.
  if (destroyed && !complete) return;
  const id = requestIdOf(request);
  record(problem, id, request.observed);
  const response = rawResponse(reply);
  if (reply.sent || response.headersSent) {
    // Part of another response is on its way: only a cut connection still tells the client that something failed.
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
  reply.status(document.status);
  setHeaders(reply, {
    ...(challenge && document.status === 401 && { 'www-authenticate': challenge(request.headers) }),
    ...problem.headers,
    'cache-control': 'no-store',
    'content-type': isPage ? 'text/html; charset=utf-8' : PROBLEM_MEDIA_TYPE,
    'x-request-id': id,
  });
  if (mayBePage) varyByAccept(reply);
  reply.send(isPage ? occurrencePage(document, problem.waysOut) : JSON.stringify(document));
}

/** Whether a person has followed a link: programs prefer JSON, or have no preference. */
function prefersPage(request: HttpRequest): boolean {
  return (
    request.headers.accept !== undefined &&
    acceptedType(request, 'application/problem+json', 'application/json', 'text/html') ===
      'text/html'
  );
}

/** An embedding application has no log line for each request, so the failures of the API are logged here. */
function record(problem: ProblemException, id: string, observed: FailureRecord | undefined): void {
  if (observed) observed.problem = problem;
  else if (problem.getStatus() >= 500) {
    logger.warn(`${problem.code} [${id}] ${problem.diagnosis ?? ''}`.trimEnd());
  }
}
