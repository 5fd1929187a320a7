import Negotiator from 'negotiator';
import { ProblemException } from '../problems/problem.exception.js';
import type { HttpRequest } from './http-request.js';

/**
 * The media type that the caller likes best (RFC 9110, section 12.5.1); the first offered one when he does not say.
 * @throws ProblemException NOT_ACCEPTABLE
 */
export function acceptedType<Type extends string>(
  { headers }: Pick<HttpRequest, 'headers'>,
  ...offered: readonly Type[]
): Type {
  const [accepted] = new Negotiator({ headers }).mediaTypes([...offered]);
  if (accepted === undefined) throw new ProblemException('NOT_ACCEPTABLE');
  return accepted as Type;
}
