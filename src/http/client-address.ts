import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * Address of the caller, for counting: by X-Forwarded-For from a trusted proxy, else of the connection.
 *
 * Some proxies add a port, which a caller chooses at will; and what is no address at all would be a
 * counter of its own for each text. Both would make a limit no limit.
 */
export function clientAddress({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const address = /^\[(.+)\](?::\d+)?$/.exec(ip)?.[1] ?? ip.replace(/^([\d.]+):\d+$/, '$1');
  return isIP(address) ? address : (socket.remoteAddress ?? '');
}
