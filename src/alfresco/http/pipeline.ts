import { Inject, Injectable } from '@nestjs/common';
import { HttpService } from '@nestjs/axios';
import type { AxiosAdapter, AxiosInstance } from 'axios';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import { ALFRESCO_CONFIG } from '../alfresco-api.js';
import { CircuitBreakers } from './circuit-breaker.js';
import { deadline } from './deadline.js';
import { retry } from './retry.js';
import {
  type Layer,
  type Operation,
  type Send,
  UpstreamEvents,
  type UpstreamRequest,
  type UpstreamResponse,
} from './upstream-call.js';

/** Sends with the credentials of this service, or in the name of the caller. Injection token of a `Send`. */
export const AUTHORIZED_SEND = Symbol('AUTHORIZED_SEND');
/** Sends without credentials. Injection token of a `Send`. */
export const ANONYMOUS_SEND = Symbol('ANONYMOUS_SEND');

/** Layers that not every pipeline has. */
export interface OptionalLayers {
  readonly credentials?: Layer;
  readonly observation?: Layer;
}

/** Composes the layers that every call to Alfresco, or to log in there, goes through. */
@Injectable()
export class UpstreamPipeline {
  constructor(
    @Inject(ALFRESCO_CONFIG)
    private readonly config: Pick<AlfrescoConfig, 'timeoutMs' | 'idleTimeoutMs'>,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'retry'>,
    private readonly breakers: CircuitBreakers,
    private readonly events: UpstreamEvents,
    private readonly http: HttpService,
  ) {}

  /**
   * A call, from top to bottom, and why in this order:
   *
   * 1. **admission** by the breaker comes before anything that costs: for a call that will not be made, no login is.
   * 2. **deadline** covers all below: the wait for a connection, a login that is due, retries and the pauses between them.
   * 3. **credentials** are above the breaker and the retries, to which a 401 is a response like any other: Alfresco is there.
   *    They log in again and send the request once more. The login is a call of its own, with its own breaker.
   * 4. **protection** by the breaker is above the retries, so that a call counts as one failure, however often it was sent.
   *    It admits again, since the breaker may have opened while the call waited for a login.
   * 5. **retry** sends again while time is left.
   * 6. **verification** is below the retries: content counts as a response once its first byte has come. Until then the client
   *    has received nothing, so that the content can be asked for again.
   * 7. **axios** carries changes, logins and probes.
   * 8. **observation** is next to the transport: each attempt is measured, and has a span of its own.
   *
   * | limit                        | variable                      | kept by             |
   * | ---------------------------- | ----------------------------- | ------------------- |
   * | to establish a connection    | `ALFRESCO_CONNECT_TIMEOUT_MS` | `UpstreamTransport` |
   * | for a JSON call as a whole   | `ALFRESCO_TIMEOUT_MS`         | `deadline`          |
   * | for the first byte of a ZIP  | `ALFRESCO_IDLE_TIMEOUT_MS`    | `deadline`          |
   * | between two bytes of a ZIP   | `ALFRESCO_IDLE_TIMEOUT_MS`    | `ContentConnection` |
   * | for the turn to send a ZIP   | `ALFRESCO_TIMEOUT_MS`         | `TransferLimiter`   |
   */
  compose(transport: Send, { credentials = none, observation = none }: OptionalLayers = {}): Send {
    const layers = [
      this.breakers.admission,
      deadline(this.config),
      credentials,
      this.breakers.protection,
      retry(this.pacing.retry, this.events),
      verification,
      axiosLayer(this.http.axiosRef),
      observation,
    ];
    return layers.reduceRight((next, layer) => layer(next), transport);
  }
}

const none: Layer = (next) => next;

/** Lets the request look at its response before it counts as one. */
export const verification: Layer =
  (next) =>
  <T>(request: UpstreamRequest) =>
    request.verify ? verified<T>(next, request) : next<T>(request);

async function verified<T>(next: Send, request: UpstreamRequest): Promise<UpstreamResponse<T>> {
  const response = await next<never>(request);
  await request.verify?.(response);
  return response;
}

/**
 * Without axios: reads, which are nearly all calls and of which it made up an eighth of the CPU time, more than anything else;
 * and content, which is a stream.
 */
const DIRECT: ReadonlySet<Operation> = new Set(['read', 'content', 'resume']);

/** Carries requests by axios, whose adapter is the next layer. Its promises cost less than the Observables of `HttpService`. */
export function axiosLayer(axios: AxiosInstance): Layer {
  return (next) =>
    <T>(request: UpstreamRequest) => {
      if (DIRECT.has(request.operation)) return next<T>(request);
      const { method, path: url, headers, body: data, signal } = request;
      const adapter = adapterOf(next, request);
      return axios.request<T>({ method, url, headers, data, signal, adapter, ...AS_IS });
    };
}

/** Bodies are text on both sides. */
const AS_IS = { transformRequest: [], transformResponse: [] };

function adapterOf(next: Send, request: UpstreamRequest): AxiosAdapter {
  return async (config) => {
    const { status, headers, data } = await next({
      ...request,
      headers: config.headers.toJSON() as Record<string, string>,
    });
    return { status, statusText: '', headers: headers as Record<string, string>, data, config };
  };
}
