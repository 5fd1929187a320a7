import { PACING, type Pacing } from '../../config/pacing.js';
import {
  AlfrescoCredentials,
  type Send,
  LoginPause,
  basicAuthorization,
} from './alfresco-credentials.js';
import type { UpstreamResponse } from '../http/transport.js';

/**
 * Name and password with every request, each of which is a login: until one was accepted, and after each refusal, a
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

  async apply<T>(send: Send<T>): Promise<UpstreamResponse<T>> {
    while (this.trial) await this.trial;
    this.pause.admit();
    return this.isAccepted ? this.attempt(send) : this.try(send);
  }

  private async try<T>(send: Send<T>): Promise<UpstreamResponse<T>> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.trial = promise;
    try {
      return await this.attempt(send);
    } finally {
      this.trial = undefined;
      resolve();
    }
  }

  private async attempt<T>(send: Send<T>): Promise<UpstreamResponse<T>> {
    const answer = await send({ Authorization: this.authorization });
    // What comes during a pause was sent before it, and is no news.
    if (!this.pause.isRunning) this.learnFrom(answer.status);
    return answer;
  }

  private learnFrom(status: number): void {
    if (status === 401) {
      this.isAccepted = false;
      this.pause.begin();
    } else if (status < 500) {
      // Anything else may come from a proxy in front of Alfresco.
      this.isAccepted = true;
      this.pause.reset();
    }
  }
}
