import type { HttpService } from '@nestjs/axios';
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
import type { UpstreamPolicy } from '../http/upstream-policy.js';
import { basicAuthorization } from './alfresco-credentials.js';
import { type Grant, LOGIN, type Login } from './renewed-credentials.js';
import type { UpstreamResponse } from '../http/transport.js';

/**
 * POST /tickets of Alfresco's authentication API.
 *
 * The ticket is never deleted, not even at the end: Alfresco gives all logins of a user the same one, so
 * that would log out other processes with this account. It dies by itself when nobody uses it any more.
 */
export class TicketLogin implements Login {
  private readonly path: string;
  private readonly body: string;

  constructor(
    private readonly http: HttpService,
    config: AlfrescoConfig,
    private readonly policy: UpstreamPolicy,
  ) {
    this.path = apiPath(config, 'authentication');
    this.body = JSON.stringify({ userId: config.username, password: config.password });
  }

  async obtain(): Promise<Grant> {
    const answer = toAlfrescoResponse(await this.post());
    if (answer.status !== 201) throw loginRefusal(answer);
    const { id } = entryOf(answer);
    if (typeof id !== 'string' || !/^TICKET_[A-Za-z0-9]{1,128}$/.test(id)) {
      throw badResponse('a login without a usable ticket');
    }
    return { authorization: basicAuthorization('ROLE_TICKET', id) };
  }

  private post(): Promise<UpstreamResponse<string>> {
    const request = {
      method: 'POST',
      baseURL: this.path,
      url: '/tickets',
      headers: { ...jsonHeaders(), 'Content-Type': 'application/json' },
      data: this.body,
    };
    return this.policy.run(LOGIN, (attempt) =>
      attempt((signal) => this.http.axiosRef.request<string>({ ...request, signal })),
    );
  }
}

/** Alfresco refuses a login with 403, `Login failed`; a 401 can only come from something before it. */
function loginRefusal(answer: AlfrescoResponse): ProblemException {
  const isRefused = answer.status === 401 || (answer.status === 403 && errorOf(answer));
  return isRefused
    ? new ProblemException('ALFRESCO_CREDENTIALS_REJECTED', { diagnosis: 'the login was refused' })
    : serverProblem(answer);
}
