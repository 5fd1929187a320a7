import type { AlfrescoConfig } from '../../config/app-config.js';
import { ProblemException } from '../../problems/problem.exception.js';
import {
  type AlfrescoResponse,
  badResponse,
  entryOf,
  errorOf,
  toAlfrescoResponse,
  serverProblem,
} from '../responses.js';
import { apiPath, jsonHeaders } from '../alfresco-api.js';
import type { Send, UpstreamResponse } from '../http/upstream-call.js';
import { basicAuthorization } from './alfresco-credentials.js';
import type { Grant, Login } from './renewed-credentials.js';

/**
 * POST /tickets of Alfresco's authentication API.
 *
 * The ticket is never deleted, not even at shutdown: Alfresco gives all logins of a user the same one, so
 * that would log out other processes with this account. An unused ticket expires by itself.
 */
export class TicketLogin implements Login {
  private readonly path: string;
  private readonly body: string;

  /** @param send without credentials */
  constructor(
    private readonly send: Send,
    config: AlfrescoConfig,
  ) {
    this.path = `${apiPath(config, 'authentication')}/tickets`;
    this.body = JSON.stringify({ userId: config.username, password: config.password });
  }

  async obtain(): Promise<Grant> {
    const response = toAlfrescoResponse(await this.post());
    if (response.status !== 201) throw loginProblem(response);
    const { id } = entryOf(response);
    if (typeof id !== 'string' || !/^TICKET_[A-Za-z0-9]{1,128}$/.test(id)) {
      throw badResponse('a login without a usable ticket');
    }
    return { authorization: basicAuthorization('ROLE_TICKET', id) };
  }

  private post(): Promise<UpstreamResponse<string>> {
    return this.send<string>({
      operation: 'login',
      // Not again once it may have been heard: accounts are locked after a few failures.
      retry: 'if-unsent',
      method: 'POST',
      path: this.path,
      template: '/tickets',
      headers: { ...jsonHeaders(), 'Content-Type': 'application/json' },
      body: this.body,
    });
  }
}

/** Alfresco rejects a login with 403, `Login failed`; a 401 can only come from something in front of it. */
function loginProblem(response: AlfrescoResponse): ProblemException {
  const isRejected = response.status === 401 || (response.status === 403 && errorOf(response));
  return isRejected
    ? new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', { diagnosis: 'the login was refused' })
    : serverProblem(response);
}
