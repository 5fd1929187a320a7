import { addAbortListener } from 'node:events';

/** Alfresco took longer than the configured limit. */
export class TransportTimeoutError extends Error {
  override readonly name = 'TransportTimeoutError';
  readonly code = 'TRANSPORT_TIMEOUT';
}

/** Nobody waits for the answer any more. */
export class ClientDisconnectedError extends Error {
  override readonly name: string = 'CallerGoneError';
  readonly code = 'CALLER_GONE';
}

/** How long a call may go on: for its time, and as long as its caller stays. */
export class Deadline {
  private readonly controller = new AbortController();
  private readonly endsAt: number;
  private readonly timer: NodeJS.Timeout;
  private readonly link?: Disposable;
  private reject?: (reason: Error) => void;

  /** @param caller aborted when nobody waits for the call any more */
  constructor(limitMs: number, caller?: AbortSignal) {
    this.endsAt = performance.now() + limitMs;
    this.timer = setTimeout(
      () => this.end(new TransportTimeoutError('no answer in time')),
      limitMs,
    );
    this.link =
      caller &&
      addAbortListener(caller, () => this.end(new ClientDisconnectedError('the caller left')));
  }

  /** Aborted at the end, with a TransportTimeoutError or a CallerGoneError. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get remainingMs(): number {
    return this.endsAt - performance.now();
  }

  /**
   * What becomes of the call, which is its end at the latest: undici looks at the signal of a request that waits for a
   * socket only when it gets one. One promise, since a race with one that listens to the signal costs a status read 5 %.
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
    this.reject?.(reason);
    this.controller.abort(reason);
  }
}
