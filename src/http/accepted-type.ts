import Negotiator from 'negotiator';
import type { HttpRequest } from './http-request.js';

/**
 * The media type that the client prefers (RFC 9110, section 12.5.1); the first offered one when it prefers none of them, which
 * it can make more of than of a 406.
 */
export function acceptedType<Type extends string>(
  { headers }: Pick<HttpRequest, 'headers'>,
  ...offered: readonly [Type, ...Type[]]
): Type {
  const [accepted = offered[0]] = new Negotiator({ headers }).mediaTypes([...offered]);
  return accepted as Type;
}
