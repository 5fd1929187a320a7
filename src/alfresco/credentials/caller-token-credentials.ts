import type { OnApplicationShutdown } from '@nestjs/common';
import { ProblemException, isProblem } from '../../problems/problem.exception.js';
import type { OnBehalfOf, Send, UpstreamRequest } from '../http/upstream-call.js';
import { AlfrescoCredentials } from './alfresco-credentials.js';

/** Access tokens of callers. */
export interface AccessTokenSource {
  /**
   * A valid one of this caller.
   * @param refused one that Alfresco has refused, in place of which another is wanted
   * @throws ProblemException UNAUTHENTICATED when there is no other than the refused one that they have come with,
   *   CALLER_LOGGED_OUT when there is none, IDENTITY_PROVIDER_UNAVAILABLE when it cannot be had now
   */
  tokenOf(caller: OnBehalfOf, refused?: string): Promise<string>;
  /** After Alfresco has refused one. */
  forget?(token: string): void;
  /** Closes connections. */
  close?(): Promise<void>;
}

/**
 * The caller's own access token with every request, which Alfresco's identity service validates: what the caller may do is
 * decided by Alfresco.
 *
 * There is nothing of this service beside it, nor in its place: without a token there is no call. Once it is refused, another
 * one of the same caller is tried, if there is any: what goes on for long may meet the end of a token on the way.
 */
export class CallerTokenCredentials extends AlfrescoCredentials implements OnApplicationShutdown {
  constructor(private readonly source: AccessTokenSource) {
    super();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.source.close?.();
  }

  override apply(next: Send): Send {
    return async <T>(request: UpstreamRequest) => {
      const { onBehalfOf: caller } = request;
      if (caller === undefined) throw new TypeError('the caller is missing');
      const token = await this.source.tokenOf(caller);
      const response = await next<T>(withToken(request, token));
      if (response.status !== 401) return response;
      this.source.forget?.(token);
      const other = await this.otherTokenOf(caller, token);
      const second = await next<T>(withToken(request, other));
      if (second.status !== 401) return second;
      this.source.forget?.(other);
      throw refusal(caller);
    };
  }

  private async otherTokenOf(caller: OnBehalfOf, refused: string): Promise<string> {
    try {
      return await this.source.tokenOf(caller, refused);
    } catch (error) {
      const hasNone = isProblem(error, 'CALLER_LOGGED_OUT') || isProblem(error, 'UNAUTHENTICATED');
      throw hasNone ? refusal(caller) : error;
    }
  }
}

function withToken(request: UpstreamRequest, token: string): UpstreamRequest {
  request.headers.Authorization = `Bearer ${token}`;
  return request;
}

/**
 * Not ALFRESCO_CREDENTIALS_REJECTED, which is about the account: there is none. The token has ended on the way, or Alfresco
 * does not take it. Someone who follows a link has no credentials that could be better.
 */
function refusal({ link }: OnBehalfOf): ProblemException {
  const diagnosis = 'Alfresco status 401 to the token of the caller';
  if (link) return new ProblemException('CALLER_LOGGED_OUT', { diagnosis });
  const detail = 'Alfresco does not accept the access token.';
  return new ProblemException('UNAUTHENTICATED', { detail, diagnosis });
}
