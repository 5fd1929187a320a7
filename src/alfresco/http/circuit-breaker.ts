import {
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  type CircuitBreakerPolicy,
  type IHalfOpenAfterBackoffContext,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { type GrowingPause, PACING } from '../../config/pacing.js';
import { ClientDisconnectedError } from './deadline.js';
import { isGatewayFailure, isOutage, isRefusedConnection } from './outage.js';
import { unavailable } from './transport-failure.js';
import type { UpstreamResponse } from './transport.js';

/**
 * `closed`: requests are made; `open`: none is made; `half-open`: the next one finds out, or one is just about to.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Calls that fail in a row, each after its repetitions, until no more is made. */
const FAILURES_IN_A_ROW = 5;

/** How a breaker differs from the others. */
export interface BreakerOptions {
  /** Pauses: the next is twice as long each time that Alfresco is found still gone. */
  readonly pacing?: GrowingPause;
  /** Whether refused connections leave a closed breaker closed; an open one, they keep open. */
  readonly toleratesRefusal?: boolean;
}

/** The call with which a half-open breaker finds out was given up by its caller, so that nothing is known. */
class AbandonedProbeError extends ClientDisconnectedError {}

/**
 * Keeps requests from an Alfresco that is not there: callers get an answer at once, and Alfresco the peace to start.
 *
 * cockatiel's breaker lets callers wait, without a limit, for the outcome of a half-open one's only call, and takes a call
 * that was given up for a success; neither gets that far here.
 */
export class CircuitBreaker {
  private readonly policy: CircuitBreakerPolicy;
  private readonly pacing: GrowingPause;
  private endOfPause = -Infinity;

  /** @param name for the diagnosis of what is refused */
  constructor(
    private readonly name: string,
    onStateChange: (state: BreakerState) => void,
    { pacing = PACING.breaker, toleratesRefusal = false }: BreakerOptions = {},
  ) {
    this.pacing = pacing;
    const isTolerated = (error: unknown) =>
      toleratesRefusal && isRefusedConnection(error) && this.state === 'closed';
    const failure = handleWhen(
      (error) => (isOutage(error) && !isTolerated(error)) || error instanceof AbandonedProbeError,
    );
    this.policy = circuitBreaker(
      failure.orWhenResult((answer) => isGatewayFailure(answer as UpstreamResponse<unknown>)),
      {
        breaker: new ConsecutiveBreaker(FAILURES_IN_A_ROW),
        halfOpenAfter: new DelegateBackoff<IHalfOpenAfterBackoffContext, number>(
          (context, lastMs) => this.pause(context, lastMs),
        ),
      },
    );
    this.policy.onStateChange(() => onStateChange(this.state));
  }

  get state(): BreakerState {
    if (this.policy.state === CircuitState.Closed) return 'closed';
    return this.policy.state === CircuitState.Open && this.remainingPauseMs > 0
      ? 'open'
      : 'half-open';
  }

  /** @throws ProblemException ALFRESCO_UNAVAILABLE when no request is to be made now */
  admit(): void {
    const isProbing = this.policy.state === CircuitState.HalfOpen;
    if (this.state !== 'open' && !isProbing) return;
    const seconds = Math.max(1, Math.ceil(this.remainingPauseMs / 1000));
    throw unavailable(seconds, `the breaker for ${this.name} is open`);
  }

  /** Makes a request and learns from it; right after `admit`, so that nothing changes between. */
  execute<T>(request: () => Promise<T>): Promise<T> {
    const isProbe = this.policy.state !== CircuitState.Closed;
    return this.policy.execute(isProbe ? () => request().catch(markAbandoned) : request);
  }

  private get remainingPauseMs(): number {
    return this.endOfPause - performance.now();
  }

  /** Starts a pause, and tells cockatiel of it. */
  private pause({ result }: IHalfOpenAfterBackoffContext, lastMs = this.pacing.firstMs / 2) {
    const isUnknown = 'error' in result && result.error instanceof AbandonedProbeError;
    const pauseMs = isUnknown ? lastMs : Math.min(2 * lastMs, this.pacing.longestMs);
    this.endOfPause = performance.now() + pauseMs;
    // cockatiel goes by the time of day, which may be set back; `admit` lets nobody in before the pause is over.
    return { delay: -Infinity, state: pauseMs };
  }
}

function markAbandoned(error: unknown): never {
  throw error instanceof ClientDisconnectedError ? new AbandonedProbeError(error.message) : error;
}
