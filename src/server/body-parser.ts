import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemException } from '../problems/problem.exception.js';
import { CORS_ROUTE } from './cors.js';

/** Also nothing, which an empty header or a stray comma leaves. */
const IDENTITY = /^\s*(?:identity)?\s*$/i;

/**
 * Accepts JSON bodies only. An empty body counts as none, whatever its Content-Type: Alfresco's clients send
 * `Content-Type: application/json` with a DELETE, too.
 *
 * @param formRoute of which the body is a form, as URLSearchParams
 */
export function registerBodyParser(fastify: FastifyInstance, formRoute?: string): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, body as string, done);
  });
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    ({ routeOptions: { url } }, body, done) => {
      if (body === '') done(null, undefined);
      else if (formRoute !== undefined && url === formRoute)
        done(null, new URLSearchParams(body as string));
      else done(new ProblemException('UNSUPPORTED_MEDIA_TYPE'));
    },
  );
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else done(new ProblemException('UNSUPPORTED_MEDIA_TYPE'));
  });
}

/** Refuses before the body is read what no body could change: a path that does not exist, and a Content-Encoding. */
export function bodyProblem(request: FastifyRequest): ProblemException | undefined {
  // `CatchAllFilter` distinguishes a wrong method from a wrong path.
  const isCorsRoute = request.method === 'OPTIONS' && request.routeOptions.url === CORS_ROUTE;
  if (request.is404 || isCorsRoute) return new ProblemException('ROUTE_NOT_FOUND');
  const { headers } = request;
  const coding = headers['content-encoding'];
  if (coding === undefined || coding.split(',').every((name) => IDENTITY.test(name)))
    return undefined;
  const hasBody =
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (!hasBody) return undefined;
  return new ProblemException('UNSUPPORTED_MEDIA_TYPE', {
    detail: 'A request body with a Content-Encoding is not supported.',
    errors: [{ parameter: 'Content-Encoding', detail: 'must be identity, or absent' }],
    // RFC 9110, section 12.5.3
    headers: { 'accept-encoding': 'identity' },
  });
}
