import type { IncomingMessage } from 'node:http';
import { headerCount } from '../http/header-count.js';

/** `uri-host [ ":" port ]` (RFC 9110, section 7.2); it may be empty. */
const HOST = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::\d{0,5})?$/i;

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)/i;

/**
 * Sees to the one host that a request is for, since links are made of it.
 *
 * The authority of a target in absolute form replaces the Host header (RFC 9112, section 3.2.2).
 *
 * @returns what is wrong with it (RFC 9112, section 3.2)
 */
export function settleHost(request: IncomingMessage): string | undefined {
  const { headers, httpVersion, url = '' } = request;
  const count = headerCount(request, 'host');
  if (count === 0 && httpVersion === '1.1') return 'The request has no Host header.';
  if (count > 1) return 'The request has more than one Host header.';
  if (!HOST.test(headers.host ?? '')) return 'The Host header is not a host with an optional port.';
  const authority = url.startsWith('/') ? undefined : ABSOLUTE_FORM.exec(url)?.[1];
  if (authority === undefined) return undefined;
  if (authority === '' || !HOST.test(authority)) {
    return 'The target of the request has no valid host.';
  }
  headers.host = authority;
  return undefined;
}
