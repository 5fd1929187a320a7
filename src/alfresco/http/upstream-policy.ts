import { EventEmitter } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import type { AlfrescoConfig } from '../../config/app-config.js';
import { PACING, type Pacing } from '../../config/pacing.js';
import { type BreakerState, CircuitBreaker } from './circuit-breaker.js';
import { ClientDisconnectedError, Deadline, TransportTimeoutError } from './deadline.js';
import { type Repeat, type SendOnce, repeated } from './retry.js';
import { transportProblem } from './transport-failure.js';
import type { Operation, UpstreamEvents } from './upstream-events.js';
import type { UpstreamResponse } from './transport.js';

/** What is to be done at Alfresco, as far as the policy is concerned. */
export interface UpstreamCall {
  readonly operation: Operation;
  readonly repeat: Repeat;
  /** Ends the call when it is aborted. */
  readonly caller?: AbortSignal;
  /** Milliseconds for the whole call; the operation's own limit when absent. */
  readonly limitMs?: number;
}

/** Sends one request of a call, as the policy wants it. Every status resolves. @throws ProblemException */
export type Attempt = <T>(send: SendOnce<T>) => Promise<UpstreamResponse<T>>;

/**
 * How long, how often and whether Alfresco is asked. Every request to it goes through here.
 *
 * | limit                                | variable                       | kept by                    |
 * | ------------------------------------ | ------------------------------ | -------------------------- |
 * | to establish a connection            | `ALFRESCO_CONNECT_TIMEOUT_MS`  | `UpstreamTransport`        |
 * | for a JSON call as a whole           | `ALFRESCO_TIMEOUT_MS`          | `Deadline`                 |
 * | for the first byte of a ZIP          | `ALFRESCO_IDLE_TIMEOUT_MS`     | `Deadline`                 |
 * | between two bytes of a ZIP           | `ALFRESCO_IDLE_TIMEOUT_MS`     | `ContentConnection`        |
 * | for a place to send a ZIP            | `ALFRESCO_TIMEOUT_MS`          | `ContentPlaces`            |
 *
 * The second and the third include the wait for a free connection, a login that is due, all repetitions and the pauses
 * between them. Each operation has a breaker of its own: a POST that always takes too long is no reason not to look at
 * downloads. A refused connection opens none but that of `content`: ZIPs may have taken all connections that Tomcat accepts,
 * and fewer of them make room for the calls that are answered in no time.
 */
@Injectable()
export class UpstreamPolicy {
  /** For metrics and the log; emitted at the moment and in the asynchronous context of the call. */
  readonly events = new EventEmitter<UpstreamEvents>();
  private readonly logger = new Logger('Alfresco');
  private readonly byOperation: Readonly<Partial<Record<Operation, CircuitBreaker>>>;

  constructor(
    private readonly config: Pick<AlfrescoConfig, 'timeoutMs' | 'idleTimeoutMs'>,
    private readonly pacing: Pick<Pacing, 'breaker' | 'retry'> = PACING,
  ) {
    this.byOperation = {
      read: this.createBreaker('read'),
      write: this.createBreaker('write'),
      content: this.createBreaker('content'),
      login: this.createBreaker('login'),
    };
  }

  /** The breakers as they are now. */
  breakers(): { operation: Operation; state: BreakerState }[] {
    return Object.entries(this.byOperation).map(([operation, { state }]) => ({
      operation: operation as Operation,
      state,
    }));
  }

  /**
   * Does a call. `work` sends each of its requests with the given `Attempt`.
   * @throws ProblemException ALFRESCO_UNAVAILABLE at once, with Retry-After, while the breaker is open; ALFRESCO_TIMEOUT;
   *   what `work` throws
   */
  async run<T>(call: UpstreamCall, work: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { operation, caller, limitMs = this.limitOf(operation) } = call;
    // Before anything else: not even a login is made for a request that will not be.
    this.admit(operation);
    if (caller?.aborted) throw transportProblem(new ClientDisconnectedError('the caller left'));
    const deadline = new Deadline(limitMs, caller);
    try {
      return await deadline.bound(work((send) => this.attempt(call, deadline, send)));
    } catch (error) {
      const isEnd =
        error instanceof TransportTimeoutError || error instanceof ClientDisconnectedError;
      throw isEnd ? transportProblem(error) : error;
    } finally {
      deadline.clear();
    }
  }

  private async attempt<T>(
    { operation, repeat }: UpstreamCall,
    deadline: Deadline,
    send: SendOnce<T>,
  ): Promise<UpstreamResponse<T>> {
    if (deadline.signal.aborted) throw transportProblem(deadline.signal.reason);
    const onRepeat = (cause: string) => this.events.emit('retry', { operation, cause });
    const request = () =>
      repeated(send, repeat, deadline, this.pacing.retry, onRepeat).catch((error) => {
        // axios and streams have errors of their own for a call that has ended. It says nothing about Alfresco.
        throw deadline.signal.aborted ? deadline.signal.reason : error;
      });
    const breaker = this.byOperation[operation];
    this.admit(operation);
    try {
      return await (breaker ? breaker.execute(request) : request());
    } catch (error) {
      throw transportProblem(error);
    }
  }

  private admit(operation: Operation): void {
    try {
      this.byOperation[operation]?.admit();
    } catch (error) {
      this.events.emit('rejection', { operation, reason: 'breaker' });
      throw error;
    }
  }

  private limitOf(operation: Operation): number {
    const isContent = operation === 'content' || operation === 'resume';
    return isContent ? this.config.idleTimeoutMs : this.config.timeoutMs;
  }

  private createBreaker(operation: Operation): CircuitBreaker {
    const tell = (state: BreakerState) => {
      this.logger.warn(`the breaker for ${operation} is ${state}`);
      this.events.emit('breaker', { operation, state });
    };
    const toleratesRefusal = operation !== 'content';
    return new CircuitBreaker(operation, tell, { pacing: this.pacing.breaker, toleratesRefusal });
  }
}
