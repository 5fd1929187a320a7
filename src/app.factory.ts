import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DestinationStream } from 'pino';
import { AppModule } from './app.module.js';
import { BACKCHANNEL_LOGOUT, SESSION_ROUTES } from './auth/session/sessions.controller.js';
import { ticketsPath } from './auth/tickets/tickets-path.js';
import type { AppConfig } from './config/app-config.js';
import type { WorkerContext } from './config/worker-context.js';
import type { HttpRequest } from './http/http-request.js';
import { createLog } from './observability/log.js';
import { type RequestContext, runInRequest } from './observability/request-context.js';
import { RequestObserver } from './observability/request-observer.js';
import type { Tracing } from './observability/tracing.js';
import { setUpDocs } from './openapi/swagger-ui.js';
import { AddressLimit } from './rate-limit/rate-limits.js';
import { AllowedMethods } from './server/allowed-methods.js';
import { bodyProblem, registerBodyParser } from './server/body-parser.js';
import { CatchAllFilter } from './server/catch-all.filter.js';
import { CORS_ROUTE, addCorsHeaders, corsOptions } from './server/cors.js';
import { publicUrlResolver, settleHost } from './server/public-url.js';
import { RequestDrain } from './server/request-drain.js';
import { ServiceAdapter } from './server/service-adapter.js';

type ServiceRequest = FastifyRequest & HttpRequest;

/** Gives a request its id, its public URL and its observation. */
type Begin = (request: ServiceRequest, reply: FastifyReply) => RequestContext;

/**
 * Builds the application, ready to `listen()` or, after `init()`, to be driven by supertest.
 *
 * A request passes the hooks (`addHooks`), the body parser, the guards (`AppModule`), the pipes and the handler. Whatever
 * is thrown on its way, `CatchAllFilter` responds to.
 *
 * @param output where the log goes, instead of the standard output
 * @param worker if this process is one of several
 */
export async function createApp(
  config: AppConfig,
  output?: DestinationStream,
  worker?: WorkerContext,
): Promise<NestFastifyApplication> {
  const publicUrlOf = publicUrlResolver(config.http);
  const begin: Begin = (request, reply) => {
    const publicUrl = publicUrlOf(request);
    if (publicUrl) request.publicUrl = publicUrl;
    reply.header('x-request-id', request.id);
    return observer.begin(request, reply);
  };
  const log = createLog(config.logLevel, output, worker?.number);
  const adapter = new ServiceAdapter(
    config,
    // Hooks do not run for what the router refuses.
    (thrown, request, reply) => {
      begin(request, reply);
      const { corsOrigins } = config.http;
      const isPreflight = corsOrigins.length > 0 && addCorsHeaders(request, reply, corsOrigins);
      if (isPreflight) reply.send();
      else app.get(CatchAllFilter).send(thrown, request, reply);
    },
    (request) => observer.unreadable(request),
  );
  const tracing = await createTracing(config);
  const app: NestFastifyApplication = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, { log, tracing, worker }),
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
  observer.watch(fastify.server);
  const allowedMethods = app.get(AllowedMethods);
  fastify.addHook('onRoute', (route) => {
    if (route.url !== CORS_ROUTE) allowedMethods.add(route);
  });
  addHooks(app, adapter, config, begin);
  registerBodyParser(fastify, BACKCHANNEL_LOGOUT);
  app.setGlobalPrefix(config.http.apiPrefix, { exclude: routesWithoutPrefix(config) });
  if (config.docs) setUpDocs(app, config);
  return app;
}

/**
 * Adds the hooks in the order in which they run:
 * 1. observation, so that every request is logged and counted, also a preflight or one that a later hook refuses;
 * 2. protection from other origins, which is before the limits since its CORS headers let a page read their refusal;
 * 3. admission: the end of the service, the host that links are made of, and the limit for each address, which has to
 *    count a request before anyone tries its credentials;
 * 4. what is wrong whatever the body says, so that the body is not read.
 */
function addHooks(
  app: NestFastifyApplication,
  adapter: ServiceAdapter,
  config: AppConfig,
  begin: Begin,
): void {
  adapter.setOnRequestHook((request: ServiceRequest, reply: FastifyReply, done: () => void) =>
    runInRequest(begin(request, reply), done),
  );
  const { corsOrigins } = config.http;
  app.enableCsrfProtection({ trustedOrigins: [...corsOrigins] });
  if (corsOrigins.length > 0) app.enableCors(corsOptions(corsOrigins));
  const drain = app.get(RequestDrain);
  const limit = config.rateLimit && app.get(AddressLimit);
  adapter.getInstance().addHook('onRequest', (request, reply, done) => {
    const problem = drain.enter(request, reply) ?? settleHost(request.raw);
    if (problem) return done(problem);
    if (!limit) return done(bodyProblem(request));
    limit.count(request, reply).then(() => done(bodyProblem(request)), done);
  });
}

/** Orchestrators expect probes and metrics at the root; browsers and Alfresco's clients log in beside the API. */
function routesWithoutPrefix(config: AppConfig): string[] {
  const tickets = ticketsPath(config);
  return [
    'health/live',
    'health/ready',
    'metrics',
    ...(config.auth.session ? SESSION_ROUTES : []),
    ...(tickets === undefined ? [] : [`${tickets}/tickets`, `${tickets}/tickets/:ticket`]),
  ];
}

/** OpenTelemetry is loaded only where it is used: it adds a fifth to the time that a start takes. */
async function createTracing({ otlpEndpoint, pacing }: AppConfig): Promise<Tracing | undefined> {
  if (otlpEndpoint === undefined) return undefined;
  const { OtlpTracing } = await import('./observability/otlp-tracing.js');
  return new OtlpTracing(otlpEndpoint, pacing.tracing);
}
