import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppModule } from './app.module.js';
import { registerBodyParser } from './http/body.parser.js';
import type { AppConfig, LogLevel } from './config/app.config.js';
import { setUpDocs } from './docs/docs.setup.js';
import { LOG_LEVELS, MAX_TIMER_MS } from './config/environment.js';
import { AllowedMethods } from './problems/allowed-methods.js';
import { BodyValidationPipe } from './problems/body-validation.pipe.js';
import { handleClientError } from './problems/client-error.handler.js';
import { ProblemException } from './problems/problem.exception.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { requestId } from './http/request-id.js';

/** Milliseconds to receive a request; Fastify's default has no limit, which invites slow clients. */
const REQUEST_TIMEOUT_MS = 30_000;
/** How often Node looks for requests that are too slow. */
const TIMEOUT_CHECK_MS = 5000;
/** Milliseconds after which a caller who takes no byte of an answer is let go, with what Alfresco holds for him. */
const STALLED_CALLER_MS = 120_000;
/** Longer ids are refused by name, not by the router. */
const MAX_PARAMETER_LENGTH = 1024;
/** Routes that an orchestrator looks for, wherever the API is mounted. */
const OUTSIDE_PREFIX = ['health/live', 'health/ready'];

/**
 * Builds the application, ready to `listen()` or, after `init()`, to be driven by supertest.
 * The one place where pipes, filters, prefix and docs are applied.
 */
export async function createApp(config: AppConfig): Promise<NestFastifyApplication> {
  const adapter = createAdapter(config, () => app.get(ProblemFilter));
  const app: NestFastifyApplication = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config),
    adapter,
    {
      logger: createLogger(config.logLevel),
      bodyParser: false,
      forceCloseConnections: true,
      abortOnError: false,
    },
  );
  const fastify = adapter.getInstance();
  const allowedMethods = app.get(AllowedMethods);
  fastify.addHook('onRoute', (route) => allowedMethods.add(route));
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done(refuseWithoutHost(request));
  });
  // Only 100-continue is an expectation (RFC 9110, 10.1.1); Node would answer any other with a bare 417.
  fastify.server.on('checkExpectation', (request, response) =>
    fastify.server.emit('request', request, response),
  );
  registerBodyParser(fastify);
  app.useGlobalPipes(new BodyValidationPipe());
  app.setGlobalPrefix(config.http.apiPrefix, { exclude: OUTSIDE_PREFIX });
  if (config.docs) setUpDocs(app);
  return app;
}

function createAdapter({ http, alfresco }: AppConfig, filter: () => ProblemFilter): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: http.maxBodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // It cannot tell a slow caller from a slow Alfresco, so it must not end before the limits for that.
    connectionTimeout: Math.min(
      Math.max(STALLED_CALLER_MS, 2 * (alfresco.timeoutMs + alfresco.idleTimeoutMs)),
      MAX_TIMER_MS,
    ),
    // A request without Host is answered by `refuseWithoutHost`, in the form of every other error.
    http: { requireHostHeader: false, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    genReqId: requestId,
    // A HEAD route is written where it differs from GET; Fastify makes the others.
    exposeHeadRoutes: true,
    clientErrorHandler: handleClientError,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      filter().send(error, request, reply),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH },
  });
}

/** RFC 9112, section 3.2. */
function refuseWithoutHost({ raw }: FastifyRequest): ProblemException | undefined {
  if (raw.headers.host !== undefined || raw.httpVersion !== '1.1') return undefined;
  return new ProblemException('MALFORMED_REQUEST', { detail: 'The request has no Host header.' });
}

function createLogger(level: LogLevel): ConsoleLogger | false {
  if (level === 'silent') return false;
  const logLevels = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1).filter(
    (name) => name !== 'silent',
  );
  return new ConsoleLogger({ logLevels: [...logLevels], colors: process.stdout.isTTY === true });
}
