import { AlfrescoCredentials, type Send } from './alfresco.credentials.js';
import { basicAuthorization } from './basic-authorization.js';
import type { UpstreamAnswer } from '../upstream/wire.js';

/** Name and password with every request. */
export class BasicCredentials extends AlfrescoCredentials {
  private readonly authorization: string;

  constructor(username: string, password: string) {
    super();
    this.authorization = basicAuthorization(username, password);
  }

  apply<T>(send: Send<T>): Promise<UpstreamAnswer<T>> {
    return send({ Authorization: this.authorization });
  }
}
