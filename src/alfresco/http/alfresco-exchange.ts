import { Inject, Injectable } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig } from 'axios';
import { AlfrescoCredentials } from '../credentials/alfresco-credentials.js';
import { type UpstreamCall, UpstreamPolicy } from './upstream-policy.js';
import { type UpstreamResponse, WIRE, type Wire } from './transport.js';

/** A request without credentials. */
export interface UpstreamRequest extends AxiosRequestConfig {
  readonly method: string;
  /** From the API's own root on. */
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** Looks at an answer before it counts as one. Throws what the request fails with. */
type Check<T> = (answer: UpstreamResponse<T>) => Promise<void>;

/** Requests to Alfresco, with credentials and under the policy. Every status resolves. */
@Injectable()
export class AlfrescoExchange {
  /** @param wire what `http` sends its requests over */
  constructor(
    private readonly http: HttpService,
    @Inject(WIRE) private readonly wire: Wire,
    private readonly credentials: AlfrescoCredentials,
    private readonly policy: UpstreamPolicy,
  ) {}

  /** With the service's credentials, or in the name of `onBehalfOf`. @throws ProblemException */
  authorized<T>(
    call: UpstreamCall,
    request: UpstreamRequest,
    onBehalfOf?: string,
    check?: Check<T>,
  ): Promise<UpstreamResponse<T>> {
    return this.policy.run(call, (attempt) =>
      this.credentials.apply<T>((headers) => {
        const authorized = { ...request, headers: { ...request.headers, ...headers } };
        return attempt(async (signal) => {
          const answer = await this.send<T>(authorized, signal, call);
          if (check) await check(answer);
          return answer;
        });
      }, onBehalfOf),
    );
  }

  /** Without credentials. @throws ProblemException */
  anonymous<T>(call: UpstreamCall, request: UpstreamRequest): Promise<UpstreamResponse<T>> {
    return this.policy.run(call, (attempt) =>
      attempt((signal) => this.send<T>(request, signal, call)),
    );
  }

  /**
   * Looks at downloads, which are nearly all calls, go to the wire as they are: what axios does to a request and its answer
   * on the way there was an eighth of the profile of a status read, more than anything else. The others go by `axiosRef`; the
   * Observable of `HttpService` would cost a quarter more, and a promise is what is needed.
   */
  private send<T>(
    request: UpstreamRequest,
    signal: AbortSignal,
    { operation }: UpstreamCall,
  ): Promise<UpstreamResponse<T>> {
    if (operation !== 'read') return this.http.axiosRef.request<T>({ ...request, signal });
    const { method, url, headers } = request;
    return this.wire<T>({
      method,
      path: this.http.axiosRef.defaults.baseURL + url,
      headers,
      signal,
    });
  }
}
