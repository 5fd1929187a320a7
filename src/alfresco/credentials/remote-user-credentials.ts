import { ProblemException } from '../../problems/problem.exception.js';
import type { Send, UpstreamRequest } from '../http/upstream-call.js';
import { AlfrescoCredentials } from './alfresco-credentials.js';

/** Milliseconds for which the certificate is known to be good after Alfresco has accepted it. */
const TRUSTED_MS = 60_000;

/**
 * The caller's name with every request, for which the client certificate of the connection vouches
 * (Alfresco's external-authentication subsystem).
 *
 * No `Authorization` is sent beside it: if Alfresco does not trust the header it tries that next, and the
 * call would be made with the rights of a service account instead of failing.
 */
export class RemoteUserCredentials extends AlfrescoCredentials {
  /** Whose call Alfresco has accepted last, and when by the monotonic clock. */
  private accepted?: { readonly name: string; readonly at: number };

  apply(next: Send): Send {
    return async <T>(request: UpstreamRequest) => {
      const { onBehalfOf, headers } = request;
      // Without the header Alfresco would take the certificate itself for the user.
      if (onBehalfOf === undefined) throw new TypeError('the caller is missing');
      const { name } = onBehalfOf;
      headers['X-Alfresco-Remote-User'] = encodeRemoteUser(name);
      headers['Remote-User-Encode'] = 'true';
      const response = await next<T>(request);
      if (response.status < 400) this.accepted = { name, at: performance.now() };
      else if (response.status === 401 && this.isAboutTheName(name)) throw rejectedName();
      return response;
    };
  }

  /**
   * RemoteUserAuthenticatorFactory responds with the same 401 to a disabled user, to an unknown one where none are created,
   * and to a certificate that it does not trust. If it has just accepted another caller's name, it is not the certificate.
   */
  private isAboutTheName(name: string): boolean {
    const { accepted } = this;
    return (
      accepted !== undefined &&
      accepted.name !== name &&
      performance.now() - accepted.at < TRUSTED_MS
    );
  }
}

function rejectedName(): ProblemException {
  return new ProblemException('CALLER_NOT_ACCEPTED', {
    detail: 'Alfresco does not let in the user whose name is that of the caller.',
    diagnosis: 'Alfresco status 401, for this name only',
  });
}

const MAX_NAME_LENGTH = 255;

/**
 * Alfresco's internal user, which may do everything: a request that names it acts as it, without any check. And its guest,
 * which RepositoryContainer rejects with 401 wherever a user is required, as if the certificate were wrong.
 */
const BUILT_IN_USER = /^(?:system|guest)(?:@|$)/i;

/**
 * A caller's name as Alfresco expects it with `Remote-User-Encode: true`: base64 of UTF-8, in one line.
 *
 * Alfresco trims blanks and control characters off the ends of a name, so that " admin" would become "admin":
 * a name that would turn into another one is rejected.
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
