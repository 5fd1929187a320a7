import { AlfrescoCredentials, type Send } from './alfresco.credentials.js';
import { encodeRemoteUser } from './remote-user.header.js';
import type { UpstreamAnswer } from '../upstream/wire.js';

/**
 * The caller's name with every request, for which the client certificate of the connection vouches
 * (Alfresco's external-authentication subsystem).
 *
 * There is no `Authorization` beside it: if Alfresco does not believe the header it tries that next, and the
 * call would be made with the rights of a service account instead of failing.
 */
export class RemoteUserCredentials extends AlfrescoCredentials {
  async apply<T>(send: Send<T>, onBehalfOf?: string): Promise<UpstreamAnswer<T>> {
    // Without the header Alfresco would take the certificate itself for the user.
    if (onBehalfOf === undefined) throw new TypeError('the name of the caller is missing');
    return send({
      'X-Alfresco-Remote-User': encodeRemoteUser(onBehalfOf),
      'Remote-User-Encode': 'true',
    });
  }
}
