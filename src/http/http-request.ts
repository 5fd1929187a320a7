import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Socket, isIP } from 'node:net';
import Negotiator from 'negotiator';

/** The part of a request that the downloads API needs, the same with Fastify and Express. */
export interface HttpRequest {
  readonly method: string;
  /** The whole request target, wherever the route is mounted. */
  readonly originalUrl: string;
  readonly headers: IncomingHttpHeaders;
  readonly query: unknown;
  /** As a trusted proxy states it, if the application trusts one. */
  readonly protocol: string;
  readonly host: string;
  readonly ip: string;
  /** Set by the service only; an embedding application has its own address. */
  publicUrl?: PublicUrl;
  /** From Fastify, pino-http, or the first `requestIdOf`. */
  id?: string | number;
  /** Fastify only: with Express, the request itself is Node's. */
  readonly raw?: IncomingMessage;
}

/** Where clients reach the service, as far as it differs from what the service itself sees. */
export interface PublicUrl {
  readonly origin?: string;
  /** The prefix that a proxy strips from each path, without a trailing slash. */
  readonly path: string;
}

const SAFE_ID = /^[A-Za-z0-9._-]{1,64}$/;
const PATH_ONLY = /^\/[^?#]*$/;

/** Node's own request. */
export function rawRequest(request: HttpRequest): IncomingMessage {
  return request.raw ?? (request as unknown as IncomingMessage);
}

/** The id of a request in the log and in problem documents; the same at every call. */
export function requestIdOf(request: HttpRequest): string {
  return String((request.id ??= requestId(request)));
}

/** The client's `X-Request-Id` when it is safe in a header and in a log line, else a new one. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SAFE_ID.test(given) ? given : randomUUID();
}

/** The path in front of those that the service knows. */
export function publicPathOf({ publicUrl }: HttpRequest): string {
  return publicUrl?.path ?? '';
}

/** The path of a request target, without query, fragment, and the origin of the absolute form (RFC 9112, section 3.2.2). */
export function pathOf(target: string): string {
  if (PATH_ONLY.test(target)) return target;
  return target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '');
}

/**
 * The media type that the client prefers (RFC 9110, section 12.5.1). When it accepts none of them, the first one: a client
 * can make more of that than of a 406.
 */
export function acceptedType<Type extends string>(
  { headers }: Pick<HttpRequest, 'headers'>,
  ...offered: readonly [Type, ...Type[]]
): Type {
  const [accepted = offered[0]] = new Negotiator({ headers }).mediaTypes([...offered]);
  return accepted as Type;
}

/**
 * How many times a request carries a header. Node.js keeps the first value only, while a proxy in front may have judged the
 * request by another one.
 *
 * Runs for each request, so it does not use Node's `headersDistinct`, which sorts all headers to find one.
 *
 * @param wanted in lower case
 */
export function headerCount({ rawHeaders }: IncomingMessage, wanted: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === wanted.length && name.toLowerCase() === wanted) count += 1;
  }
  return count;
}

/**
 * Address of the client, for rate limits: by X-Forwarded-For from a trusted proxy, else of the connection.
 *
 * Some proxies append a port, which the client chooses; and text that is not an address would start a counter of its own each
 * time. Either would let a client escape its limit.
 */
export function clientAddress({
  ip,
  socket,
}: {
  ip: string;
  socket: Pick<Socket, 'remoteAddress'>;
}): string {
  const address = /^\[(.+)\](?::\d+)?$/.exec(ip)?.[1] ?? ip.replace(/^([\d.]+):\d+$/, '$1');
  return isIP(address) ? address : (socket.remoteAddress ?? '');
}

/** Seconds; less than the minute after which proxies commonly give up. */
export const LONGEST_WAIT = 50;

/** One preference of RFC 7240, section 2: a token, perhaps with a value, perhaps with parameters of its own. */
const PREFERENCE =
  /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s;"]*)))?\s*(?:;.*)?$/s;

/** The `wait` preference, at most `LONGEST_WAIT`; one that cannot be parsed is ignored (RFC 7240, section 2). */
export function parseWait(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const preferences = [header].flat().join(',').split(',');
  for (const preference of preferences) {
    const [, name, quoted, bare] = PREFERENCE.exec(preference) ?? [];
    // The first of several counts.
    if (name?.toLowerCase() === 'wait') return secondsOf(quoted ?? bare ?? '');
  }
  return undefined;
}

function secondsOf(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Math.min(Number(text), LONGEST_WAIT) : undefined;
}
