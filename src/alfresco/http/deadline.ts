import { addAbortListener } from 'node:events';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { transportProblem } from './transport-failure.js';
import type { CallSignal, Layer, Operation, UpstreamRequest } from './upstream-call.js';

/** Alfresco took longer than the configured limit. */
export class TransportTimeoutError extends Error {
  override readonly name = 'TransportTimeoutError';
  readonly code = 'TRANSPORT_TIMEOUT';
}

/** The client that the call is made for has disconnected. */
export class ClientDisconnectedError extends Error {
  override readonly name: string = 'ClientDisconnectedError';
  readonly code = 'CALLER_GONE';
}

type Limits = Pick<AlfrescoConfig, 'timeoutMs' | 'idleTimeoutMs'>;

/**
 * Ends each call when its time is up or its client has disconnected.
 * @throws ProblemException ALFRESCO_TIMEOUT
 */
export function deadline(limits: Limits): Layer {
  return (next) => async (request) => {
    const { operation, disconnected, limitMs = limitOf(operation, limits) } = request;
    if (disconnected?.aborted)
      throw transportProblem(new ClientDisconnectedError('before the call'));
    const end = new Deadline(limitMs, disconnected);
    try {
      return await end.bound(next(end.applyTo(request)));
    } catch (error) {
      const isEnd =
        error instanceof TransportTimeoutError || error instanceof ClientDisconnectedError;
      throw isEnd ? transportProblem(error) : error;
    } finally {
      end.clear();
    }
  };
}

function limitOf(operation: Operation, { timeoutMs, idleTimeoutMs }: Limits): number {
  return operation === 'content' || operation === 'resume' ? idleTimeoutMs : timeoutMs;
}

/**
 * How long a call may go on: for its time, and as long as its client is connected.
 *
 * It is the signal of its end itself: a controller, its signal and their events would be most of what it costs.
 */
export class Deadline implements CallSignal {
  /** A TransportTimeoutError or a ClientDisconnectedError, once it has come. */
  reason?: Error;
  private readonly listeners: (() => void)[] = [];
  private readonly endsAt: number;
  private readonly timer: NodeJS.Timeout;
  private readonly link?: Disposable;
  private reject?: (reason: Error) => void;

  /** @param disconnected aborted when the client has */
  constructor(limitMs: number, disconnected?: AbortSignal) {
    this.endsAt = performance.now() + limitMs;
    this.timer = setTimeout(
      () => this.end(new TransportTimeoutError('no response in time')),
      limitMs,
    );
    this.link =
      disconnected &&
      addAbortListener(disconnected, () =>
        this.end(new ClientDisconnectedError('during the call')),
      );
  }

  get aborted(): boolean {
    return this.reason !== undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.listeners.indexOf(listener);
    if (at >= 0) this.listeners.splice(at, 1);
  }

  /** For the layers below. */
  applyTo(request: UpstreamRequest): UpstreamRequest {
    request.signal = this;
    request.endsAt = this.endsAt;
    return request;
  }

  /**
   * Settles with the call, or at its end at the latest: a request that waits for a socket of undici's pool does not notice
   * its signal before it gets one. One promise, since a race with one that listens to the signal costs a status read 5 %.
   */
  bound<T>(call: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.reject = reject;
      call.then(resolve, reject);
    });
  }

  /** The call is over. */
  clear(): void {
    clearTimeout(this.timer);
    this.link?.[Symbol.dispose]();
  }

  private end(reason: TransportTimeoutError | ClientDisconnectedError): void {
    this.reason = reason;
    this.reject?.(reason);
    for (const listener of this.listeners.splice(0)) listener();
  }
}
