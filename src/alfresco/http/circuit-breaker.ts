import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  type CircuitBreakerPolicy,
  type IHalfOpenAfterBackoffContext,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { type GrowingPause, PACING, PACING_CONFIG, type Pacing } from '../../config/pacing.js';
import { UnsentError } from './connections.js';
import { ClientDisconnectedError } from './deadline.js';
import {
  isGatewayFailure,
  problemCodeOf,
  transportProblem,
  unavailable,
} from './transport-failure.js';
import {
  type BreakerState,
  type Layer,
  type Operation,
  UpstreamEvents,
  type UpstreamResponse,
} from './upstream-call.js';

/** Calls that fail in a row, each after its retries, until no more are made. */
const FAILURES_IN_A_ROW = 5;

/** How a breaker differs from the others. */
export interface BreakerOptions {
  /** Pauses: the next is twice as long each time that Alfresco is found still unavailable. */
  readonly pacing?: GrowingPause;
  /** Whether refused connections leave a closed breaker closed. They keep an open one open in any case. */
  readonly toleratesRefusal?: boolean;
}

/** The client of a half-open breaker's probe has disconnected, so that nothing is known. */
class AbandonedProbeError extends ClientDisconnectedError {}

/**
 * Keeps requests from an Alfresco that is unavailable: callers get a response at once, and Alfresco the peace to start.
 *
 * cockatiel's breaker lets calls wait, without a limit, for the outcome of a half-open breaker's probe, and counts a call
 * that was given up as a success; neither gets that far here.
 */
export class CircuitBreaker {
  private readonly policy: CircuitBreakerPolicy;
  private readonly pacing: GrowingPause;
  private endOfPause = -Infinity;

  /** @param name for the diagnosis of rejected calls */
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
      failure.orWhenResult((response) => isGatewayFailure(response as UpstreamResponse<unknown>)),
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

  /** @throws ProblemException ALFRESCO_UNAVAILABLE, with Retry-After, when no request is to be made now */
  admit(): void {
    const isProbing = this.policy.state === CircuitState.HalfOpen;
    if (this.state !== 'open' && !isProbing) return;
    const seconds = Math.max(1, Math.ceil(this.remainingPauseMs / 1000));
    throw unavailable(seconds, `the breaker for ${this.name} is open`);
  }

  /** Makes a request and learns from it. To be called right after `admit`, so that nothing changes in between. */
  execute<T>(request: () => Promise<T>): Promise<T> {
    const isProbe = this.policy.state !== CircuitState.Closed;
    return this.policy.execute(isProbe ? () => request().catch(markAbandoned) : request);
  }

  private get remainingPauseMs(): number {
    return this.endOfPause - performance.now();
  }

  /** Starts a pause, whose length cockatiel hands back for the next one. */
  private pause({ result }: IHalfOpenAfterBackoffContext, lastMs = this.pacing.firstMs / 2) {
    const isUnknown = 'error' in result && result.error instanceof AbandonedProbeError;
    const pauseMs = isUnknown ? lastMs : Math.min(2 * lastMs, this.pacing.longestMs);
    this.endOfPause = performance.now() + pauseMs;
    // cockatiel goes by the time of day, which may be set back, so it has no delay; `admit` keeps the pause.
    return { delay: -Infinity, state: pauseMs };
  }
}

function markAbandoned(error: unknown): never {
  throw error instanceof ClientDisconnectedError ? new AbandonedProbeError(error.message) : error;
}

/** Whether Alfresco is unreachable, or too slow. Any response, however wrong, says that it is there. */
export function isOutage(error: unknown): boolean {
  if (error instanceof ClientDisconnectedError) return false;
  const code = problemCodeOf(error);
  return code === 'ALFRESCO_UNREACHABLE' || code === 'ALFRESCO_TIMEOUT';
}

/**
 * Whether a connection was refused. That is known at once, so no caller has to be spared the wait; and the cause may be too
 * many connections of this service, where Tomcat's `acceptCount` is used up, and be gone with the next attempt.
 */
export function isRefusedConnection(error: unknown): boolean {
  return error instanceof UnsentError && error.code === 'ECONNREFUSED';
}

/**
 * A breaker for each operation: a POST that always takes too long is no reason to stop reading downloads. `probe` has none,
 * since it has to find out, nor has `resume`: a client waits in the middle of a ZIP, which has pauses and a limit of its own.
 */
@Injectable()
export class CircuitBreakers {
  private readonly logger = new Logger('Alfresco');
  private readonly byOperation: Readonly<Partial<Record<Operation, CircuitBreaker>>>;

  constructor(
    private readonly events: UpstreamEvents,
    @Inject(PACING_CONFIG) private readonly pacing: Pick<Pacing, 'breaker'> = PACING,
  ) {
    this.byOperation = {
      read: this.create('read'),
      write: this.create('write'),
      content: this.create('content'),
      login: this.create('login'),
    };
  }

  states(): { operation: Operation; state: BreakerState }[] {
    return Object.entries(this.byOperation).map(([operation, { state }]) => ({
      operation: operation as Operation,
      state,
    }));
  }

  /**
   * Rejects a call at once while its breaker is open.
   * @throws ProblemException ALFRESCO_UNAVAILABLE, with Retry-After
   */
  readonly admission: Layer = (next) => (request) => {
    try {
      this.admit(request.operation);
    } catch (error) {
      return Promise.reject(error);
    }
    return next(request);
  };

  /** Sends a request if its breaker lets it through, which learns from the outcome. @throws ProblemException */
  readonly protection: Layer = (next) => async (request) => {
    const { operation, signal } = request;
    // The call may have ended, and the breaker opened, while it waited for a login.
    if (signal?.aborted) throw transportProblem(signal.reason);
    this.admit(operation);
    try {
      const breaker = this.byOperation[operation];
      return await (breaker ? breaker.execute(() => next(request)) : next(request));
    } catch (error) {
      throw transportProblem(error);
    }
  };

  private admit(operation: Operation): void {
    try {
      this.byOperation[operation]?.admit();
    } catch (error) {
      this.events.emit('rejection', { operation, reason: 'breaker' });
      throw error;
    }
  }

  /**
   * A refused connection opens no breaker but that of `content`: ZIPs may have taken all connections that Tomcat accepts, and
   * fewer of them make room for the calls that take no time.
   */
  private create(operation: Operation): CircuitBreaker {
    const onStateChange = (state: BreakerState) => {
      this.logger.warn(`the breaker for ${operation} is ${state}`);
      this.events.emit('breaker', { operation, state });
    };
    const toleratesRefusal = operation !== 'content';
    return new CircuitBreaker(operation, onStateChange, {
      pacing: this.pacing.breaker,
      toleratesRefusal,
    });
  }
}
