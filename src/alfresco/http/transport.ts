import type { AxiosAdapter, InternalAxiosRequestConfig } from 'axios';

/** A request to Alfresco as it goes out. */
export interface UpstreamRequest2 {
  readonly method: string;
  /** From the root of the host on, with the query. */
  readonly path: string;
  /** May be added to on the way. */
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** Whether `data` of a 2xx answer is to be the body as a Readable, which then has to be read or destroyed. */
  readonly isStream?: boolean;
  /** Bytes of a streamed body that does not say how long it is. */
  readonly bodyLength?: number;
}

/** What came back, whatever its status. */
export interface UpstreamResponse<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: T;
}

/** Sends a request once. Rejects only when no whole answer came. */
export type Wire = <T>(request: UpstreamRequest2) => Promise<UpstreamResponse<T>>;

/** Injection token of the `Wire` to Alfresco. */
export const WIRE = Symbol('WIRE');

/** Carries the requests of axios over a wire. */
export function axiosAdapter(wire: Wire): AxiosAdapter {
  return async (config) => {
    const { status, headers, data } = await wire(toWireRequest(config));
    return { status, statusText: '', headers: headers as Record<string, string>, data, config };
  };
}

function toWireRequest(config: InternalAxiosRequestConfig): UpstreamRequest2 {
  return {
    method: config.method!.toUpperCase(),
    path: config.baseURL! + config.url!,
    headers: config.headers.toJSON() as Record<string, string>,
    body: config.data as string | undefined,
    signal: config.signal as AbortSignal | undefined,
    isStream: config.responseType === 'stream',
    bodyLength: config.maxContentLength,
  };
}
