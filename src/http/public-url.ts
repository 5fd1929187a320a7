import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/app-config.js';
import { ProblemException } from '../problems/problem.exception.js';
import type { HttpRequest } from './http-request.js';

/** Where clients see the service, as far as that is not where it sees itself. */
export interface PublicUrl {
  readonly origin?: string;
  /** What something in front takes away from the beginning of each path; without a slash at its end. */
  readonly path: string;
}

const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Segments of a path, none of which leads elsewhere. */
const PREFIX = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@%-]+)+\/?$/;

/** @param url as PUBLIC_URL has it */
export function parsePublicUrl(url: string): PublicUrl {
  const { origin, pathname } = new URL(url);
  return { origin, path: pathname.replace(/\/+$/, '') };
}

/** What a trusted proxy says in `X-Forwarded-Prefix`, of which there is no standard; the last of several. */
export function forwardedPrefix(header: string | string[] | undefined): PublicUrl | undefined {
  const prefix = header?.toString().split(',').at(-1)!.trim();
  return prefix && PREFIX.test(prefix) ? { path: prefix.replace(/\/$/, '') } : undefined;
}

/** Path in front of those that the service knows. */
export function publicPathOf({ publicUrl }: HttpRequest): string {
  return publicUrl?.path ?? '';
}

/**
 * Origin and path in front of those that the service knows, by PUBLIC_URL, a trusted proxy, or the request. It goes into a
 * page.
 * @throws ProblemException MALFORMED_REQUEST when it is no origin of the web
 */
export function publicBaseOf(request: HttpRequest): string {
  const { publicUrl, host } = request;
  const protocol = request.protocol.toLowerCase();
  if (publicUrl?.origin !== undefined) return publicUrl.origin + publicUrl.path;
  if (HOST.test(host) && /^https?$/.test(protocol)) {
    return `${protocol}://${host}${publicPathOf(request)}`;
  }
  throw new ProblemException('MALFORMED_REQUEST', {
    detail: 'The Host header, or what a proxy says of it, is not the address of a web server.',
  });
}

/** Whether an address is that of a trusted proxy, so many hops away from this service. */
export type TrustsProxy = (address: string, hop: number) => boolean;

/** Fastify trusts nobody when it is given a number; and the prefix is not known to it. */
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

/** Finds out where the client of a request sees the service. */
export function publicUrlResolver(
  http: HttpConfig,
): (request: FastifyRequest) => PublicUrl | undefined {
  if (http.publicUrl !== undefined) {
    const configured = parsePublicUrl(http.publicUrl);
    return () => configured;
  }
  const trusts = proxyTrust(http);
  return ({ headers, raw }) => {
    const header = headers['x-forwarded-prefix'];
    if (header === undefined || !trusts(raw.socket.remoteAddress ?? '', 0)) return undefined;
    return forwardedPrefix(header);
  };
}
