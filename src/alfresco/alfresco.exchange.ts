import { Injectable } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { AlfrescoCredentials } from './credentials/alfresco.credentials.js';
import { type UpstreamCall, UpstreamPolicy } from './upstream/upstream.policy.js';

/** A request without credentials. */
export interface UpstreamRequest extends AxiosRequestConfig {
  readonly headers: Record<string, string>;
}

/** Looks at an answer before it counts as one. Throws what the request fails with. */
type Check<T> = (answer: AxiosResponse<T>) => Promise<void>;

/** Requests to Alfresco, with credentials and under the policy. Every status resolves. */
@Injectable()
export class AlfrescoExchange {
  constructor(
    private readonly http: HttpService,
    private readonly credentials: AlfrescoCredentials,
    private readonly policy: UpstreamPolicy,
  ) {}

  /** With the service's credentials, or in the name of `onBehalfOf`. @throws ProblemException */
  authorized<T>(
    call: UpstreamCall,
    request: UpstreamRequest,
    onBehalfOf?: string,
    check?: Check<T>,
  ): Promise<AxiosResponse<T>> {
    return this.policy.run(call, (attempt) =>
      this.credentials.apply<T>((headers) => {
        const authorized = { ...request, headers: { ...request.headers, ...headers } };
        return attempt((signal) => this.send({ ...authorized, signal }, check));
      }, onBehalfOf),
    );
  }

  /** Without credentials. @throws ProblemException */
  anonymous<T>(call: UpstreamCall, request: UpstreamRequest): Promise<AxiosResponse<T>> {
    return this.policy.run(call, (attempt) =>
      attempt((signal) => this.send<T>({ ...request, signal })),
    );
  }

  /** `axiosRef` instead of the Observable: measured a quarter faster, and a promise is what is needed. */
  private async send<T>(request: AxiosRequestConfig, check?: Check<T>): Promise<AxiosResponse<T>> {
    const answer = await this.http.axiosRef.request<T>(request);
    if (check) await check(answer);
    return answer;
  }
}
