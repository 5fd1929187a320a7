import { type RequestListener, createServer } from 'node:http';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppConfig } from '../config/app-config.js';
import { type UnreadableRequest, handleClientError } from './client-error-handler.js';
import { problemPages } from '../problems/problem-document.js';
import { configuredPublicUrl, proxyTrust } from './public-url.js';
import { requestId } from '../http/http-request.js';
import { closeStalledConnections, oneByOne } from './connection-limits.js';
import { ServiceResponse } from './service-response.js';

/** Longer ids are refused by name, not by the router. */
const MAX_PARAMETER_LENGTH = 1024;

/** Longer than the 60 s of common load balancers, which would otherwise send a request into a connection that is being closed. */
const KEEP_ALIVE_MS = 72_000;

type SendProblem = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Fastify as this service uses it. */
export class ServiceAdapter extends FastifyAdapter {
  /**
   * @param sendProblem answers what the router refuses before Nest sees the request
   * @param noteUnreadable is told of what the HTTP parser refused
   */
  constructor(
    { http, pacing: { server } }: Pick<AppConfig, 'http' | 'pacing'>,
    sendProblem: SendProblem,
    noteUnreadable: (request: UnreadableRequest) => void,
  ) {
    const { path } = configuredPublicUrl(http) ?? { path: '' };
    const pages = path + problemPages(http.apiPrefix);
    super({
      trustProxy: http.trustProxy === false ? false : proxyTrust(http),
      bodyLimit: http.maxBodyBytes,
      serverFactory: (listener: RequestListener) => {
        const created = createServer(
          {
            // A request without Host is answered in the form of every other error (see `createApp`).
            requireHostHeader: false,
            connectionsCheckingInterval: server.checkMs,
            requestTimeout: server.requestMs,
            keepAliveTimeout: KEEP_ALIVE_MS,
            ServerResponse: ServiceResponse,
          },
          oneByOne(listener),
        );
        closeStalledConnections(created, server.stalledCallerMs, server.checkMs);
        return created;
      },
      genReqId: requestId,
      // A HEAD route is written where it differs from GET; Fastify makes the others.
      exposeHeadRoutes: true,
      clientErrorHandler: (error, socket) => {
        const request = handleClientError(error, socket, pages);
        if (request) noteUnreadable(request);
      },
      frameworkErrors: sendProblem,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH },
    });
  }
}
