import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import { bodyProblem, registerBodyParser } from './server/body-parser.js';
import { CORS_ROUTE, addCorsHeaders, corsOptions } from './server/cors.js';
import type { HttpRequest } from './http/http-request.js';
import { publicUrlResolver, settleHost } from './server/public-url.js';
import { ServiceAdapter } from './server/service-adapter.js';
import { ticketsPath } from './auth/tickets/tickets-path.js';
import type { AppConfig, HttpConfig } from './config/app-config.js';
import type { WorkerContext } from './config/worker-context.js';
import { setUpDocs } from './openapi/swagger-ui.js';
import { createLog } from './observability/log.js';
import { type RequestContext, runInRequest } from './observability/request-context.js';
import { RequestObserver } from './observability/request-observer.js';
import type { Tracing } from './observability/tracing.js';
import { AllowedMethods } from './server/allowed-methods.js';
import { CatchAllFilter } from './server/catch-all.filter.js';
import { AddressLimit } from './rate-limit/address-limit.js';
import { RequestDrain } from './server/request-drain.js';

type ServiceRequest = FastifyRequest & HttpRequest;

/** Routes that are elsewhere than the API: those an orchestrator looks for, and the login of Alfresco's clients. */
function outsidePrefix(config: AppConfig): string[] {
  const tickets = ticketsPath(config);
  return [
    'health/live',
    'health/ready',
    'metrics',
    ...(tickets === undefined ? [] : [`${tickets}/tickets`, `${tickets}/tickets/:ticket`]),
  ];
}

/**
 * Builds the application, ready to `listen()` or, after `init()`, to be driven by supertest.
 * The one place where pipes, filters, prefix and docs are applied.
 *
 * @param output where the log goes, instead of the standard output
 * @param worker where this process is one of several
 */
export async function createApp(
  config: AppConfig,
  output?: DestinationStream,
  worker?: WorkerContext,
): Promise<NestFastifyApplication> {
  const publicUrlOf = publicUrlResolver(config.http);
  const begin = (request: ServiceRequest, reply: FastifyReply): RequestContext => {
    const publicUrl = publicUrlOf(request);
    if (publicUrl) request.publicUrl = publicUrl;
    reply.header('x-request-id', request.id);
    return observer.begin(request, reply);
  };
  const log = createLog(config.logLevel, output, worker?.number);
  const adapter = new ServiceAdapter(
    config,
    (thrown, request, reply) => {
      begin(request, reply);
      const { corsOrigins } = config.http;
      const isPreflight = corsOrigins.length > 0 && addCorsHeaders(request, reply, corsOrigins);
      if (isPreflight) reply.send();
      else app.get(CatchAllFilter).send(thrown, request, reply);
    },
    (request) => observer.unreadable(request),
  );
  const app: NestFastifyApplication = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, { log, tracing: await createTracing(config) }, worker),
    adapter,
    {
      logger: log.events,
      bodyParser: false,
      forceCloseConnections: true,
      abortOnError: false,
    },
  );
  const observer = app.get(RequestObserver);
  const fastify = adapter.getInstance();
  const allowedMethods = app.get(AllowedMethods);
  const drain = app.get(RequestDrain);
  fastify.addHook('onRoute', (route) => {
    if (route.url !== CORS_ROUTE) allowedMethods.add(route);
  });
  observer.watch(adapter.getHttpServer());
  // Before all hooks of Nest: preflights and what Nest refuses are requests, too.
  adapter.setOnRequestHook((request: ServiceRequest, reply: FastifyReply, done: () => void) =>
    runInRequest(begin(request, reply), done),
  );
  setUpBrowserProtection(app, config.http);
  const limit = config.rateLimit && app.get(AddressLimit);
  fastify.addHook('onRequest', (request, reply, done) => {
    const problem = drain.enter(request, reply) ?? settleHost(request.raw);
    if (problem) return done(problem);
    if (!limit) return done(bodyProblem(request));
    limit.count(request, reply).then(() => done(bodyProblem(request)), done);
  });
  // Only 100-continue is an expectation (RFC 9110, 10.1.1); Node would answer any other with a bare 417.
  fastify.server.on('checkExpectation', (request, response) =>
    fastify.server.emit('request', request, response),
  );
  registerBodyParser(fastify);
  app.setGlobalPrefix(config.http.apiPrefix, { exclude: outsidePrefix(config) });
  if (config.docs) setUpDocs(app, config);
  return app;
}

/** What the service takes from pages of other origins. */
function setUpBrowserProtection(app: NestFastifyApplication, { corsOrigins }: HttpConfig): void {
  app.enableCsrfProtection({ trustedOrigins: [...corsOrigins] });
  if (corsOrigins.length > 0) app.enableCors(corsOptions(corsOrigins));
}

/** OpenTelemetry is loaded only where it is used: it adds a fifth to the time that a start takes. */
async function createTracing({ otlpEndpoint, pacing }: AppConfig): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { OtlpTracing } = await import('./observability/otlp-tracing.js');
  return new OtlpTracing(otlpEndpoint, pacing.tracing);
}
