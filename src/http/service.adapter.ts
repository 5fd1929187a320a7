import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppConfig, HttpConfig } from '../config/app.config.js';
import { MAX_TIMER_MS } from '../config/environment.js';
import { type UnreadableRequest, handleClientError } from '../problems/client-error.handler.js';
import { problemPages } from '../problems/problem.type.js';
import { requestId } from './request-id.js';
import { ServiceResponse } from './service.response.js';

/** Longer ids are refused by name, not by the router. */
const MAX_PARAMETER_LENGTH = 1024;

type SendProblem = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Fastify as this service uses it. */
export class ServiceAdapter extends FastifyAdapter {
  /**
   * @param sendProblem answers what the router refuses before Nest sees the request
   * @param noteUnreadable is told of what the HTTP parser refused
   */
  constructor(
    { http, alfresco, pacing: { server } }: Pick<AppConfig, 'http' | 'alfresco' | 'pacing'>,
    sendProblem: SendProblem,
    noteUnreadable: (request: UnreadableRequest) => void,
  ) {
    super({
      trustProxy: trustProxy(http),
      bodyLimit: http.maxBodyBytes,
      // Fastify's default has no limit, which invites slow clients.
      requestTimeout: server.requestMs,
      // Lets a caller go, with what Alfresco holds for them. It cannot tell a slow caller from a slow Alfresco, so it must not
      // end before the limits for that.
      connectionTimeout: Math.min(
        Math.max(server.stalledCallerMs, 2 * (alfresco.timeoutMs + alfresco.idleTimeoutMs)),
        MAX_TIMER_MS,
      ),
      // A request without Host is answered in the form of every other error (see `createApp`).
      http: {
        requireHostHeader: false,
        connectionsCheckingInterval: server.checkMs,
        ServerResponse: ServiceResponse,
      },
      genReqId: requestId,
      // A HEAD route is written where it differs from GET; Fastify makes the others.
      exposeHeadRoutes: true,
      clientErrorHandler: (error, socket) => {
        const request = handleClientError(error, socket, problemPages(http.apiPrefix));
        if (request) noteUnreadable(request);
      },
      frameworkErrors: sendProblem,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH },
    });
  }
}

/** Fastify trusts nobody when it is given a number; counting hops is left to a function of one's own. */
function trustProxy({ trustProxy: trusted }: HttpConfig) {
  return typeof trusted === 'number' ? (_address: string, hop: number) => hop < trusted : trusted;
}
