import { DownloadsProblem, ServiceUnreachable } from './downloads-problem.ts';

/** Where the service is, and who calls. */
export interface ServiceAddress {
  /** Where the API is mounted, without a slash at the end; the page's own origin when it is left out. */
  readonly baseUrl?: string;
  /** The `Authorization` header, or what gives it for each request anew, such as a token that is renewed. */
  readonly authorization?: string | (() => string | Promise<string>);
}

export interface ServiceRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which no answer will come any more. */
  readonly timeoutMs?: number;
}

/** The whole of an answer; `body` is `undefined` where there is none. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** The service itself gives up earlier. */
const ANSWER_TIMEOUT_MS = 30_000;

/** Sends requests to the service. 304 is an answer as good as 200. */
export class ServiceConnection {
  readonly #address: ServiceAddress;

  constructor(address: ServiceAddress) {
    this.#address = address;
  }

  /** @throws DownloadsProblem, ServiceUnreachable, the reason of an abort, what `authorization` throws */
  async ask(path: string, request: ServiceRequest = {}): Promise<Answer> {
    const timeout = AbortSignal.timeout(request.timeoutMs ?? ANSWER_TIMEOUT_MS);
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
   * Waits for the head of an answer only, however long that takes, and leaves it to the caller to read on.
   * @throws DownloadsProblem, ServiceUnreachable (also after an abort), what `authorization` throws
   */
  async open(path: string, request: ServiceRequest): Promise<Response> {
    const { method = 'GET', body, signal } = request;
    const headers = {
      // Without it, the browser would open its own login window over the page at a 401.
      'X-Requested-With': 'XMLHttpRequest',
      ...(await this.#authorization()),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...request.headers,
    };
    const response = await fetch(`${this.#address.baseUrl ?? ''}${path}`, {
      method,
      headers,
      cache: 'no-store',
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      throw new ServiceUnreachable('The service does not answer', { cause: error });
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
    // It broke off, or it is something else, such as the login page of a proxy.
    throw new ServiceUnreachable('The answer is not one of the service', { cause: error });
  }
}
