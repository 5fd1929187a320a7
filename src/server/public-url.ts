import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/app-config.js';
import {
  type HttpRequest,
  type PublicUrl,
  headerCount,
  publicPathOf,
} from '../http/http-request.js';
import { ProblemException } from '../problems/problem.exception.js';

/** `uri-host [ ":" port ]` (RFC 9110, section 7.2), which may be empty. */
const HOST_HEADER = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d{0,5})?$/i;

/** Narrower, for links: this one also comes from a proxy, or from the framework of an embedding application. */
const LINKABLE_HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

/** A path without dot segments, which would lead elsewhere. */
const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@%-]+)+\/?$/;

/**
 * Settles on the one host that a request is for, since links are made of it: the authority of a target in absolute form
 * replaces the Host header (RFC 9112, section 3.2.2).
 *
 * @returns MALFORMED_REQUEST when there is not exactly one valid host (RFC 9112, section 3.2)
 */
export function settleHost(request: IncomingMessage): ProblemException | undefined {
  const { headers, httpVersion, url = '' } = request;
  const count = headerCount(request, 'host');
  if (count === 0 && httpVersion === '1.1') return malformed('The request has no Host header.');
  if (count > 1) return malformed('The request has more than one Host header.');
  if (!HOST_HEADER.test(headers.host ?? '')) {
    return malformed('The Host header is not a host with an optional port.');
  }
  const authority = url.startsWith('/') ? undefined : ABSOLUTE_FORM.exec(url)?.[1];
  if (authority === undefined) return undefined;
  if (authority === '' || !HOST_HEADER.test(authority)) {
    return malformed('The target of the request has no valid host.');
  }
  headers.host = authority;
  return undefined;
}

/**
 * Origin and path in front of the paths that the service knows: of PUBLIC_URL, a trusted proxy, or the request.
 *
 * @throws ProblemException MALFORMED_REQUEST when that is not an origin of the web
 */
export function publicBaseOf(request: HttpRequest): string {
  const { publicUrl, host } = request;
  const protocol = request.protocol.toLowerCase();
  if (publicUrl?.origin !== undefined) return publicUrl.origin + publicUrl.path;
  if (LINKABLE_HOST.test(host) && /^https?$/.test(protocol)) {
    return `${protocol}://${host}${publicPathOf(request)}`;
  }
  throw malformed(
    'The Host header, or what a proxy says of it, is not the address of a web server.',
  );
}

/** PUBLIC_URL in its parts, if it is set. */
export function configuredPublicUrl({ publicUrl }: HttpConfig): Required<PublicUrl> | undefined {
  if (publicUrl === undefined) return undefined;
  const { origin, pathname } = new URL(publicUrl);
  return { origin, path: pathname.replace(/\/+$/, '') };
}

/** Finds where the client of a request reaches the service: PUBLIC_URL, or the prefix that a trusted proxy states. */
export function publicUrlResolver(
  http: HttpConfig,
): (request: FastifyRequest) => PublicUrl | undefined {
  const configured = configuredPublicUrl(http);
  if (configured) return () => configured;
  const isTrusted = proxyTrust(http);
  return ({ headers, raw }) => {
    const header = headers['x-forwarded-prefix'];
    if (header === undefined || !isTrusted(raw.socket.remoteAddress ?? '', 0)) return undefined;
    return forwardedPrefix(header);
  };
}

/** `X-Forwarded-Prefix`, for which there is no standard; the last one of several, which the nearest proxy has added. */
function forwardedPrefix(header: string | string[]): PublicUrl | undefined {
  const prefix = header.toString().split(',').at(-1)!.trim();
  return PREFIX.test(prefix) ? { path: prefix.replace(/\/$/, '') } : undefined;
}

/** Whether an address is that of a trusted proxy, that many hops away from this service. */
type TrustsProxy = (address: string, hop: number) => boolean;

/**
 * TRUST_PROXY as a function. Fastify is given this instead of the setting itself: with a number it would trust no proxy, and
 * `X-Forwarded-Prefix` needs the same decision.
 */
export function proxyTrust({ trustProxy }: HttpConfig): TrustsProxy {
  if (typeof trustProxy === 'boolean') return () => trustProxy;
  if (typeof trustProxy === 'number') return (_address, hop) => hop < trustProxy;
  const trusted = new BlockList();
  for (const network of trustProxy) {
    const [address = '', length] = network.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (length === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(length), family);
  }
  return (address) => trusted.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}

function malformed(detail: string): ProblemException {
  return new ProblemException('MALFORMED_REQUEST', { detail });
}
