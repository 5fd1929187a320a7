/** Timing of a watcher, in milliseconds unless stated otherwise. */
export interface WatchPace {
  /** A stream without data for this long is being buffered by something in between. */
  readonly firstByteMs: number;
  /** A stream that is silent for this long is dead: the service sends something every 15 seconds. */
  readonly silenceMs: number;
  /** Seconds that the service may wait for a change before it responds. */
  readonly waitSeconds: number;
  /** The minimum time between two requests. */
  readonly pollMs: number;
  /** The time between two requests for a download without its own connection. */
  readonly sharedPollMs: number;
  /** The delay of the first retry, unless the service sends another; it doubles each time, ... */
  readonly retryMs: number;
  /** ... up to this delay. */
  readonly longestRetryMs: number;
  /** While polling: how long a download may stay unchanged before it is reported as stalled, ... */
  readonly stallAfterMs: number;
  /** ... and how long while it is PENDING: nothing changes in a queue. */
  readonly pendingStallAfterMs: number;
}

export const DEFAULT_PACE: WatchPace = {
  firstByteMs: 5000,
  silenceMs: 45_000,
  waitSeconds: 25,
  pollMs: 1000,
  sharedPollMs: 2000,
  retryMs: 2000,
  longestRetryMs: 30_000,
  stallAfterMs: 120_000,
  pendingStallAfterMs: 1_800_000,
};
