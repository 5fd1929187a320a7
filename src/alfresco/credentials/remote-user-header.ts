import { ProblemException } from '../../problems/problem.exception.js';

const MAX_NAME_LENGTH = 255;

/**
 * Alfresco's internal user, who may do everything: a request that names it acts as it, without any check. And its guest, whom
 * RepositoryContainer refuses with 401 wherever a user is required, as if the certificate were wrong.
 */
const BUILT_IN_USER = /^(?:system|guest)(?:@|$)/i;

/**
 * A caller's name as Alfresco expects it with `Remote-User-Encode: true`: base64 of UTF-8, in one line.
 *
 * Alfresco cuts blanks and control characters off the ends of a name, so that " admin" would become "admin":
 * a name that another one could turn into is refused.
 *
 * @throws ProblemException CALLER_NOT_ACCEPTED
 */
export function encodeRemoteUser(name: string): string {
  if (!isPassable(name)) {
    throw new ProblemException('CALLER_NOT_ACCEPTED', {
      detail: 'The name of the caller cannot be passed on to Alfresco.',
    });
  }
  return Buffer.from(name, 'utf8').toString('base64');
}

function isPassable(name: string): boolean {
  return (
    name.length > 0 &&
    name.length <= MAX_NAME_LENGTH &&
    name === name.trim() &&
    name.isWellFormed() &&
    !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name) &&
    !BUILT_IN_USER.test(name)
  );
}
