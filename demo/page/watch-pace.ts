/** How patient a watcher is; milliseconds unless said otherwise. */
export interface WatchPace {
  /** A stream of which nothing has arrived by then is held up by something in between. */
  readonly firstByteMs: number;
  /** A stream that has been silent for so long is dead: the service sends something every 15 seconds. */
  readonly silenceMs: number;
  /** Seconds that a request for a change may wait at the service. */
  readonly waitSeconds: number;
  /** The least time between two requests. */
  readonly pollMs: number;
  /** Until the next request for a download that has no connection of its own. */
  readonly sharedPollMs: number;
  /** Until the second attempt after a failure, unless the service says otherwise; twice as long each time, ... */
  readonly retryMs: number;
  /** ... up to this. */
  readonly longestRetryMs: number;
  /** Where events do not get through: how long a download may stand still before it is called stalled, ... */
  readonly stallAfterMs: number;
  /** ... and how long it may be PENDING: in a queue nothing moves. */
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
