import { PACING, type Pacing } from '../../config/pacing.js';
import type { Send, UpstreamRequest, UpstreamResponse } from '../http/upstream-call.js';
import { AlfrescoCredentials, LoginPause, basicAuthorization } from './alfresco-credentials.js';

/**
 * Name and password with every request, each of which is a login: until one is accepted, and after each rejection, a
 * single request at a time finds out whether the password is right.
 */
export class BasicCredentials extends AlfrescoCredentials {
  private readonly authorization: string;
  private readonly pause: LoginPause;
  private isAccepted = false;
  /** Ends, and never fails, with the request that finds out. */
  private trial?: Promise<void>;

  constructor(username: string, password: string, pacing: Pacing['login'] = PACING.login) {
    super();
    this.authorization = basicAuthorization(username, password);
    this.pause = new LoginPause(pacing);
  }

  apply(next: Send): Send {
    return async <T>(request: UpstreamRequest) => {
      while (this.trial) await this.trial;
      this.pause.admit();
      request.headers.Authorization = this.authorization;
      return this.isAccepted ? this.attempt<T>(next, request) : this.try<T>(next, request);
    };
  }

  private async try<T>(next: Send, request: UpstreamRequest): Promise<UpstreamResponse<T>> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.trial = promise;
    try {
      return await this.attempt<T>(next, request);
    } finally {
      this.trial = undefined;
      resolve();
    }
  }

  private async attempt<T>(next: Send, request: UpstreamRequest): Promise<UpstreamResponse<T>> {
    const response = await next<T>(request);
    // A response that comes during a pause belongs to a request from before it, and is nothing new.
    if (!this.pause.isRunning) this.learnFrom(response.status);
    return response;
  }

  private learnFrom(status: number): void {
    if (status === 401) {
      this.isAccepted = false;
      this.pause.begin();
    } else if (status < 500) {
      // A 5xx may come from a proxy in front of Alfresco, and says nothing about the password.
      this.isAccepted = true;
      this.pause.reset();
    }
  }
}
