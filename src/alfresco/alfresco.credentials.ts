import type { AlfrescoConfig } from '../config/app.config.js';

/** The account with which this service calls Alfresco. */
export class AlfrescoCredentials {
  /** Value of the `Authorization` header (RFC 7617, UTF-8). Never to be logged. */
  readonly authorization: string;

  constructor({ username, password }: AlfrescoConfig) {
    this.authorization = `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
  }
}
