import {
  BadRequestException,
  NotFoundException,
  PayloadTooLargeException,
  RequestTimeoutException,
  UnsupportedMediaTypeException,
} from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AxiosError } from 'axios';
import type { FastifyReply, FastifyRequest, InjectOptions } from 'fastify';
import { registerBodyParser } from './body-parser.js';
import { ProblemException } from '../problems/problem.exception.js';
import { toProblem } from './catch-all.filter.js';

/** The error that Fastify throws for a request, if any. */
async function thrownFor(request: InjectOptions): Promise<unknown> {
  let thrown: unknown;
  const catchError = (error: unknown, _request: FastifyRequest, reply: FastifyReply) => {
    thrown = error;
    void reply.code(500).send();
  };
  const fastify = new FastifyAdapter({
    bodyLimit: 32,
    frameworkErrors: catchError,
    routerOptions: { maxParamLength: 16 },
  }).getInstance();
  registerBodyParser(fastify);
  fastify.setErrorHandler(catchError);
  fastify.get('/downloads/:id', () => 'found');
  fastify.post('/downloads', () => 'made');
  await fastify.inject(request);
  await fastify.close();
  return thrown;
}

function post(payload: string, headers: Record<string, string> = {}): InjectOptions {
  return {
    method: 'POST',
    url: '/downloads',
    payload,
    headers: { 'content-type': 'application/json', ...headers },
  };
}

describe('what the router and the body parser refuse', () => {
  it.each<[string, InjectOptions, string]>([
    ['a body that is not JSON', post('{"nodeIds":'), 'MALFORMED_BODY'],
    ['a body that would change prototypes', post('{"__proto__":{"a":1}}'), 'MALFORMED_BODY'],
    ['a body that is longer than allowed', post(`"${'x'.repeat(40)}"`), 'BODY_TOO_LARGE'],
    [
      'a body that is announced longer than allowed',
      post('{}', { 'content-length': '1000' }),
      'BODY_TOO_LARGE',
    ],
    [
      'a body of another length than announced',
      post('{"a":1}', { 'content-length': '20' }),
      'MALFORMED_BODY',
    ],
    [
      'a body of another type',
      post('<a/>', { 'content-type': 'application/xml' }),
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    ['a path with a broken escape', { url: '/downloads/%zz' }, 'MALFORMED_REQUEST'],
    ['an id that the router finds too long', { url: `/downloads/${'a'.repeat(17)}` }, 'INVALID_ID'],
  ])('is a problem: %s', async (_what, request, code) => {
    const thrown = await thrownFor(request);
    expect(thrown).toBeDefined();
    expect(toProblem(thrown).code).toBe(code);
  });
});

describe('what Nest throws', () => {
  it.each([
    ['an unknown route', new NotFoundException('Cannot GET /x'), 'ROUTE_NOT_FOUND'],
    ['a bad request', new BadRequestException(), 'MALFORMED_BODY'],
    ['a slow request', new RequestTimeoutException(), 'REQUEST_TIMEOUT'],
    ['a large body', new PayloadTooLargeException(), 'BODY_TOO_LARGE'],
    ['another type', new UnsupportedMediaTypeException(), 'UNSUPPORTED_MEDIA_TYPE'],
  ])('is a problem: %s', (_what, exception, code) => {
    expect(toProblem(exception).code).toBe(code);
  });

  it('does not show its text to the client', () => {
    expect(toProblem(new NotFoundException('Cannot GET /<b>x')).detail).not.toContain('<b>');
  });
});

describe('a problem', () => {
  it('stays the one that was thrown', () => {
    const problem = new ProblemException('CONTENT_NOT_READY', { headers: { 'retry-after': '1' } });
    expect(toProblem(problem)).toBe(problem);
  });
});

describe('anything else', () => {
  it.each<[string, unknown]>([
    ['a plain error', new Error('connect ECONNREFUSED db.internal')],
    ['an error of a library with a status', Object.assign(new Error('x'), { statusCode: 404 })],
    ['an error of a library with another status', Object.assign(new Error('x'), { status: 400 })],
    ['an axios error', new AxiosError('Request failed with status code 404', 'ERR_BAD_REQUEST')],
    ['broken JSON of our own', new SyntaxError('Unexpected token')],
    ['an error with a numeric code', Object.assign(new Error('x'), { code: 413 })],
    ['a type error', new TypeError('undefined is not a function')],
    ['a text', 'db.internal'],
    ['an object', { statusCode: 404, code: 'FST_ERR_BAD_URL' }],
    ['null', null],
    ['nothing', undefined],
  ])('is INTERNAL_ERROR, and its text stays inside: %s', (_what, thrown) => {
    const problem = toProblem(thrown);
    expect(problem).toMatchObject({ code: 'INTERNAL_ERROR', status: 500 });
    expect(problem.detail).not.toContain('db.internal');
    expect(problem.cause).toBeUndefined();
  });
});
