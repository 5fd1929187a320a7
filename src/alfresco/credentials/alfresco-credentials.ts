import type { UpstreamAnswer } from '../http/transport.js';

/** Sends one request with these headers added to its own. It can be called again, for a request that was refused. */
export type Send<T> = (headers: Readonly<Record<string, string>>) => Promise<UpstreamAnswer<T>>;

/** With what this service proves to Alfresco who is calling. */
export abstract class AlfrescoCredentials {
  /**
   * Sends a request with credentials, and a second time with renewed ones if it was refused with 401
   * and there is something to renew. The answer may still be a 401.
   *
   * Sending again is safe for every request, POST included: Alfresco looks at credentials before it
   * reads parameters or body (RepositoryContainer authenticates before it executes the web script), so
   * nothing has happened yet when it answers 401.
   *
   * @param onBehalfOf name of the caller; only of interest where the caller's name is passed on
   * @throws ProblemException when there are no credentials to be had, or the name cannot be passed on
   */
  abstract apply<T>(send: Send<T>, onBehalfOf?: string): Promise<UpstreamAnswer<T>>;
}
