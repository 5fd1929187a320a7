import type { FastifyInstance } from 'fastify';
import { ProblemException } from '../problems/problem.exception.js';

/**
 * JSON bodies only. An empty body is no body, whatever its announced type: Alfresco's clients send
 * `Content-Type: application/json` with a DELETE, too.
 */
export function registerBodyParser(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parseJson(request, body as string, done);
  });
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else done(new ProblemException('UNSUPPORTED_MEDIA_TYPE'));
  });
}
