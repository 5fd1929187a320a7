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

/** Well above the length of an id: up to here INVALID_ID comes from the route, which can say more than the router. */
const MAX_PARAMETER_LENGTH = 1024;

/** Above the 60 s of common load balancers, which would otherwise send a request into a connection that is being closed. */
const KEEP_ALIVE_MS = 72_000;

type SendProblem = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => void;

/** Fastify as this service uses it. */
export class ServiceAdapter extends FastifyAdapter {
  /**
   * @param sendProblem responds to what the router refuses before Nest sees the request
   * @param recordUnreadable receives what the HTTP parser refused
   */
  constructor(
    { http, pacing: { server } }: Pick<AppConfig, 'http' | 'pacing'>,
    sendProblem: SendProblem,
    recordUnreadable: (request: UnreadableRequest) => void,
  ) {
    const { path } = configuredPublicUrl(http) ?? { path: '' };
    const pages = path + problemPages(http.apiPrefix);
    super({
      trustProxy: http.trustProxy === false ? false : proxyTrust(http),
      bodyLimit: http.maxBodyBytes,
      serverFactory: (listener: RequestListener) => {
        const created = createServer(
          {
            // `settleHost` refuses a request without Host, with a problem document like any other.
            requireHostHeader: false,
            connectionsCheckingInterval: server.checkMs,
            requestTimeout: server.requestMs,
            keepAliveTimeout: KEEP_ALIVE_MS,
            ServerResponse: ServiceResponse,
          },
          oneByOne(listener),
        );
        // Only 100-continue is an expectation (RFC 9110, section 10.1.1); Node would respond to any other with a bare 417.
        created.on('checkExpectation', (request, response) =>
          created.emit('request', request, response),
        );
        closeStalledConnections(created, server.stalledClientMs, server.checkMs);
        return created;
      },
      genReqId: requestId,
      // Fastify derives HEAD routes from those for GET; one that differs is declared.
      exposeHeadRoutes: true,
      clientErrorHandler: (error, socket) => {
        const request = handleClientError(error, socket, pages);
        if (request) recordUnreadable(request);
      },
      frameworkErrors: sendProblem,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAMETER_LENGTH },
    });
  }
}
