import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

type FastifyCorsOptions = NonNullable<Parameters<NestFastifyApplication['enableCors']>[0]>;

/** @fastify/cors adds `OPTIONS *` only so that its hook runs for paths without a route for OPTIONS. */
export const CORS_ROUTE = '*';

/** In seconds; browsers cap it at ten minutes to two hours. */
const PREFLIGHT_MAX_AGE = 600;

const OF_A_LISTED_ORIGIN = {
  credentials: true,
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  // Those of Alfresco's `cors.allowed.headers`, and those that only this service reads.
  allowedHeaders: [
    'Accept',
    'Authorization',
    'Cache-Control',
    'Content-Type',
    'Idempotency-Key',
    'If-None-Match',
    'If-Range',
    'Last-Event-ID',
    'Prefer',
    'Range',
    'Traceparent',
    'Tracestate',
    'X-CSRF-Token',
    'X-Request-Id',
    'X-Requested-With',
  ],
  exposedHeaders: [
    'Accept-Ranges',
    'Content-Disposition',
    'Content-Range',
    'ETag',
    'Location',
    'Preference-Applied',
    'RateLimit',
    'RateLimit-Policy',
    'Retry-After',
    'WWW-Authenticate',
    'X-Request-Id',
  ],
  maxAge: PREFLIGHT_MAX_AGE,
} satisfies FastifyCorsOptions;

/**
 * CORS for exactly these origins, decided for each request: with a fixed list, `@fastify/cors` would respond to every OPTIONS
 * request, even from other origins and without a preflight, instead of leaving it to the router.
 */
export function corsOptions(origins: readonly string[]): FastifyCorsOptions {
  return {
    delegator: ({ headers }: FastifyRequest, done) => {
      const { origin } = headers;
      const isListed = origin !== undefined && origins.includes(origin);
      done(null, {
        ...(isListed ? { ...OF_A_LISTED_ORIGIN, origin } : { origin: false }),
        preflight: headers['access-control-request-method'] !== undefined,
      });
    },
  };
}

/**
 * Sets the same headers on what the router refuses, so that a page can read the problem: Fastify runs no hooks for that, not
 * even the one of `@fastify/cors`.
 *
 * @returns whether this completes the response, which is that of a preflight
 */
export function addCorsHeaders(
  { method, headers }: FastifyRequest,
  reply: FastifyReply,
  origins: readonly string[],
): boolean {
  const { origin } = headers;
  reply.header('vary', 'Origin');
  if (origin === undefined || !origins.includes(origin)) return false;
  const { methods, allowedHeaders, exposedHeaders, maxAge } = OF_A_LISTED_ORIGIN;
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': exposedHeaders.join(', '),
  });
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
  reply.status(204).headers({
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': allowedHeaders.join(', '),
    'access-control-max-age': String(maxAge),
  });
  return true;
}
