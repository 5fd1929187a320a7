import { DownloadsProblem, ServiceUnreachable } from './downloads-problem.ts';

/** The address of the service and the credentials. */
export interface ServiceAddress {
  /** The base URL of the API, without a trailing slash; default: the page's own origin. */
  readonly baseUrl?: string;
  /** The `Authorization` header, or a function that returns it for each request, for instance with a renewed token. */
  readonly authorization?: string | (() => string | Promise<string>);
  /** Whether the browser sends its cookies; `include` also to another origin. Default: `same-origin` */
  readonly credentials?: 'include' | 'same-origin' | 'omit';
}

export interface ServiceRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait for the response. */
  readonly timeoutMs?: number;
}

/** A response with its body read and parsed; `body` is `undefined` if it is empty. */
export interface ServiceResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Longer than the service's own timeout by default. */
const RESPONSE_TIMEOUT_MS = 30_000;

/** Sends requests to the service. 304 counts as a success. */
export class ServiceConnection {
  readonly #address: ServiceAddress;

  constructor(address: ServiceAddress) {
    this.#address = address;
  }

  /** @throws DownloadsProblem, ServiceUnreachable, the reason of an abort, errors of `authorization` */
  async request(path: string, request: ServiceRequest = {}): Promise<ServiceResponse> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? RESPONSE_TIMEOUT_MS);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    try {
      const response = await this.open(path, { ...request, signal });
      return {
        status: response.status,
        headers: response.headers,
        body: await readJson(response),
      };
    } catch (error) {
      request.signal?.throwIfAborted();
      throw error;
    }
  }

  /**
   * Waits for the headers only, without a timeout, and leaves the body to the caller.
   * @throws DownloadsProblem, ServiceUnreachable (also after an abort), errors of `authorization`
   */
  async open(path: string, request: ServiceRequest): Promise<Response> {
    const { method = 'GET', body, signal } = request;
    const headers = {
      // Without it, the browser would open its own login dialog at a 401.
      'X-Requested-With': 'XMLHttpRequest',
      ...(await this.#authorization()),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...request.headers,
    };
    const { baseUrl = '', credentials = 'same-origin' } = this.#address;
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers,
      credentials,
      cache: 'no-store',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      throw new ServiceUnreachable('The service does not respond', { cause: error });
    });
    if (response.ok || response.status === 304) return response;
    throw await DownloadsProblem.of(response);
  }

  async #authorization(): Promise<{ Authorization?: string }> {
    const { authorization } = this.#address;
    if (authorization === undefined) return {};
    return {
      Authorization: typeof authorization === 'string' ? authorization : await authorization(),
    };
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    const text = await response.text();
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    // The body is truncated, or not JSON, such as the login page of a proxy.
    throw new ServiceUnreachable('The response is not from the service', { cause: error });
  }
}
