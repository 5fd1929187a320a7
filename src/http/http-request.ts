import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { PublicUrl } from './public-url.js';
import { requestId } from './request-id.js';

/** What a request of Fastify and one of Express have in common, as far as the downloads API needs it. */
export interface HttpRequest {
  readonly method: string;
  /** The whole request target, wherever the route is mounted. */
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: unknown;
  /** By the word of a proxy, if the application trusts it. */
  readonly protocol: string;
  readonly host: string;
  readonly ip: string;
  /** Of the service only; an application that embeds the API has its own. */
  publicUrl?: PublicUrl;
  /** Fastify's, pino-http's, or the one that `requestIdOf` gave it. */
  id?: string | number;
  /** Fastify's; with Express the request itself is Node's. */
  readonly raw?: IncomingMessage;
}

/** Node's own request. */
export function rawRequest(request: HttpRequest): IncomingMessage {
  return request.raw ?? (request as unknown as IncomingMessage);
}

/** What the request is called in the log and in problem documents, each time the same. */
export function requestIdOf(request: HttpRequest): string {
  return String((request.id ??= requestId(request)));
}
