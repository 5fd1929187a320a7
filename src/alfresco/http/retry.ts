import type { IBackoff } from 'cockatiel';
import type { GrowingPause } from '../../config/pacing.js';
import { StaleConnectionError, UnsentError } from './connections.js';
import type { Deadline } from './deadline.js';
import { isGatewayFailure, mayPass } from './outage.js';
import { firstPause, pause } from './pause.js';
import { codeOf } from './transport-failure.js';
import type { UpstreamResponse } from './transport.js';

/** How often a request is sent again, at most; once more after a stale connection. */
const REPETITIONS = 2;

/** Sends one request, which may be called again. */
export type SendOnce<T> = (signal: AbortSignal) => Promise<UpstreamResponse<T>>;

/**
 * When a request is sent again: after any failure that may pass, only if it was not sent at all, or not at all.
 */
export type Repeat = 'if-failed' | 'if-unsent' | 'never';

/**
 * Sends a request, and again where that may help. What comes of the last attempt is the outcome.
 *
 * @param onRepeat is told why it is sent again
 */
export async function repeated<T>(
  send: SendOnce<T>,
  repeat: Repeat,
  deadline: Deadline,
  pacing: GrowingPause,
  onRepeat: (cause: string) => void,
): Promise<UpstreamResponse<T>> {
  let repetition: Repetition | undefined;
  for (;;) {
    let cause: string;
    try {
      const answer = await send(deadline.signal);
      if (repeat !== 'if-failed' || !isGatewayFailure(answer)) return answer;
      repetition ??= new Repetition(deadline, pacing);
      if (!(await repetition.isDue())) return answer;
      cause = `status ${answer.status}`;
    } catch (error) {
      if (!mayPass(error) || !isAllowed(repeat, error)) throw error;
      repetition ??= new Repetition(deadline, pacing);
      if (!(await repetition.isDue(error))) throw error;
      cause = codeOf(error);
    }
    onRepeat(cause);
  }
}

function isAllowed(repeat: Repeat, failure: unknown): boolean {
  return repeat === 'if-failed' || (repeat === 'if-unsent' && failure instanceof UnsentError);
}

/**
 * When one request is sent again.
 *
 * Not cockatiel's retry: its pauses go on when the caller has left or no time is left for another attempt, and none can
 * be skipped for a stale connection, which says nothing about Alfresco.
 */
class Repetition {
  private left = REPETITIONS;
  private wasStale = false;
  private backoff?: IBackoff<unknown>;

  constructor(
    private readonly deadline: Deadline,
    private readonly pacing: GrowingPause,
  ) {}

  /** Waits for the time to send it again; false if it is not to be sent again. */
  async isDue(failure?: unknown): Promise<boolean> {
    const { signal, remainingMs } = this.deadline;
    if (failure instanceof StaleConnectionError && !this.wasStale) {
      this.wasStale = true;
      return !signal.aborted;
    }
    if (this.left === 0) return false;
    this.left -= 1;
    this.backoff = this.backoff?.next(undefined) ?? firstPause(this.pacing);
    const { duration } = this.backoff;
    if (duration >= remainingMs) return false;
    await pause(duration, signal);
    return !signal.aborted;
  }
}
