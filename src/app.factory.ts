import 'reflect-metadata';
import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { AppModule } from './app.module.js';
import { registerBodyParser } from './http/body.parser.js';
import { corsOptions } from './http/cors.options.js';
import { SECURITY_HEADERS } from './http/security.headers.js';
import { ServiceAdapter } from './http/service.adapter.js';
import type { AppConfig, HttpConfig, LogLevel } from './config/app.config.js';
import { setUpDocs } from './docs/docs.setup.js';
import { LOG_LEVELS } from './config/environment.js';
import { AllowedMethods } from './problems/allowed-methods.js';
import { BodyValidationPipe } from './problems/body-validation.pipe.js';
import { ProblemException } from './problems/problem.exception.js';
import { ProblemFilter } from './problems/problem.filter.js';
import { RequestDrain } from './shutdown/request.drain.js';

/** Routes that an orchestrator looks for, wherever the API is mounted. */
const OUTSIDE_PREFIX = ['health/live', 'health/ready'];

/**
 * Builds the application, ready to `listen()` or, after `init()`, to be driven by supertest.
 * The one place where pipes, filters, prefix and docs are applied.
 */
export async function createApp(config: AppConfig): Promise<NestFastifyApplication> {
  const adapter = new ServiceAdapter(config, (...problem) =>
    app.get(ProblemFilter).send(...problem),
  );
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
  const drain = app.get(RequestDrain);
  fastify.addHook('onRoute', (route) => {
    // A route of @fastify/cors for every path, which exists only for its hook to run.
    if (route.url !== '*') allowedMethods.add(route);
  });
  setUpBrowserProtection(app, config.http);
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done(drain.enter(request, reply) ?? refuseWithoutHost(request));
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

/** What the service tells browsers, and what it takes from pages of other origins. */
function setUpBrowserProtection(app: NestFastifyApplication, { corsOrigins }: HttpConfig): void {
  app.useSecurityHeaders(SECURITY_HEADERS);
  app.enableCsrfProtection({ trustedOrigins: [...corsOrigins] });
  if (corsOrigins.length > 0) app.enableCors(corsOptions(corsOrigins));
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
  return new ConsoleLogger({
    logLevels: [...logLevels],
    colors: process.stdout.hasColors?.() ?? false,
  });
}
