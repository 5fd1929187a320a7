import { ExponentialBackoff, type IBackoff } from 'cockatiel';
import type { GrowingPause } from '../../config/pacing.js';
import { StaleConnectionError, UnsentError } from './connections.js';
import { codeOf, isGatewayFailure } from './transport-failure.js';
import type {
  CallSignal,
  Layer,
  RetryRule,
  UpstreamEvents,
  UpstreamRequest,
} from './upstream-call.js';

/** How often a request is sent again, at most; once more after a stale connection. */
const MAX_RETRIES = 2;

/** Failures of the network that may be gone a moment later. Certificates, for one, will be as wrong as before. */
const TRANSIENT: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Sends a request again where its rule allows it and that may help. What comes of the last attempt is the outcome. */
export function retry(pacing: GrowingPause, events: UpstreamEvents): Layer {
  return (next) =>
    async <T>(request: UpstreamRequest) => {
      const { operation, retry: rule } = request;
      let retries: Retries | undefined;
      for (;;) {
        let cause: string;
        try {
          const response = await next<T>(request);
          if (rule !== 'if-failed' || !isGatewayFailure(response)) return response;
          retries ??= new Retries(request, pacing);
          if (!(await retries.waitForNextAttempt())) return response;
          cause = `status ${response.status}`;
        } catch (error) {
          if (!isTransient(error) || !isAllowed(rule, error)) throw failureOf(request, error);
          retries ??= new Retries(request, pacing);
          if (!(await retries.waitForNextAttempt(error))) throw failureOf(request, error);
          cause = codeOf(error);
        }
        events.emit('retry', { operation, cause });
      }
    };
}

function isTransient(error: unknown): boolean {
  return TRANSIENT.has(codeOf(error));
}

function isAllowed(rule: RetryRule, failure: unknown): boolean {
  return rule === 'if-failed' || (rule === 'if-unsent' && failure instanceof UnsentError);
}

/** axios and streams have errors of their own for a call that was ended, which say nothing about Alfresco. */
function failureOf({ signal }: UpstreamRequest, error: unknown): unknown {
  return signal?.aborted ? signal.reason : error;
}

/**
 * When one request is sent again.
 *
 * Not cockatiel's retry: its pauses go on when the client has disconnected or no time is left for another attempt, and none
 * can be skipped for a stale connection, which says nothing about Alfresco.
 */
class Retries {
  private left = MAX_RETRIES;
  private wasStale = false;
  private backoff?: IBackoff<unknown>;

  constructor(
    private readonly request: UpstreamRequest,
    private readonly pacing: GrowingPause,
  ) {}

  /** Waits for the time to send it again; false if it is not to be sent again. */
  async waitForNextAttempt(failure?: unknown): Promise<boolean> {
    const { signal, endsAt = Infinity } = this.request;
    if (failure instanceof StaleConnectionError && !this.wasStale) {
      this.wasStale = true;
      return !signal?.aborted;
    }
    if (this.left === 0) return false;
    this.left -= 1;
    this.backoff = this.backoff?.next(undefined) ?? firstPause(this.pacing);
    const { duration } = this.backoff;
    if (duration >= endsAt - performance.now()) return false;
    await pause(duration, signal);
    return !signal?.aborted;
  }
}

/** The first of pauses with decorrelated jitter, which leads to the next. */
export function firstPause({ firstMs, longestMs }: GrowingPause): IBackoff<unknown> {
  return new ExponentialBackoff({ initialDelay: firstMs, maxDelay: longestMs }).next();
}

/** Waits so many milliseconds, or until the signal is aborted. */
export function pause(ms: number, signal?: CallSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) end();
  });
}
