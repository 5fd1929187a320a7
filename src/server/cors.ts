import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';

type FastifyCorsOptions = NonNullable<Parameters<NestFastifyApplication['enableCors']>[0]>;

/** Seconds that a browser may keep the answer to a preflight; browsers cap it at ten minutes to two hours. */
const PREFLIGHT_MAX_AGE = 600;

const OF_A_LISTED_ORIGIN = {
  credentials: true,
  methods: ['GET', 'HEAD', 'POST', 'DELETE'],
  // Those of Alfresco's `cors.allowed.headers`, and what this service takes besides.
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
 * CORS for exactly these origins.
 *
 * Decided for each request: with a fixed list, `@fastify/cors` answers every OPTIONS itself, those of other
 * origins and those that are no preflight included, instead of leaving them to the router.
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
 * The same for what the router refuses, which the hook of `@fastify/cors` never sees: a page could not read the problem.
 *
 * @returns whether the response is that of a preflight, which is complete with it
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
