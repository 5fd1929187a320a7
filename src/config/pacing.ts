/** Pauses that get longer from one to the next. */
export interface GrowingPause {
  /** Milliseconds, about, of the first one. */
  readonly firstMs: number;
  /** Milliseconds that none exceeds. */
  readonly longestMs: number;
}

/**
 * How long the service waits where no operator has a say: no environment variable leads here, and no option of
 * `DownloadsModule`. Tests shorten what they would otherwise have to wait for.
 */
export interface Pacing {
  /** Pauses of an open breaker. */
  readonly breaker: GrowingPause;
  /** Pauses before a request to Alfresco is sent again. */
  readonly retry: GrowingPause;
  /** Pauses before the rest of a ZIP whose connection broke is asked for. */
  readonly resume: GrowingPause;
  /** Pauses before credentials that Alfresco has refused are sent again. */
  readonly login: GrowingPause;
  /** How Alfresco is asked for the progress of a download. */
  readonly polling: {
    /** Milliseconds between two calls for a download that moves; `STATUS_FRESHNESS_MS` if that is more. */
    readonly fastestMs: number;
    /** Milliseconds between two calls for a download that does not move. */
    readonly slowestMs: number;
    /** Milliseconds for which a final state is believed. */
    readonly finalFreshnessMs: number;
  };
  /** Streams of server-sent events. */
  readonly events: {
    /** Milliseconds between two heartbeats. */
    readonly heartbeatMs: number;
    /** Milliseconds after which a client whose stream has ended without a last event is to come back. */
    readonly reconnectMs: number;
  };
  readonly idempotency: {
    /** Milliseconds after which a request that was neither answered nor refused no longer holds its key. */
    readonly leaseMs: number;
  };
  readonly shutdown: {
    /** Milliseconds that a stopping service waits for creations, and for removals, that run. */
    readonly drainMs: number;
  };
  /** Callers. */
  readonly auth: {
    /** Milliseconds for which a verified name and password are remembered. */
    readonly rememberMs: number;
    /** Milliseconds for an identity provider to answer, once for discovery and once for its keys. */
    readonly providerTimeoutMs: number;
    /** Milliseconds without another fetch of the provider's keys after a failed one. */
    readonly providerPauseMs: number;
    /** Milliseconds between two fetches for keys that are not known. */
    readonly keyCoolDownMs: number;
    /** Milliseconds after which keys are replaced in the background. */
    readonly keyRefreshMs: number;
  };
  /** The store of downloads and tickets. */
  readonly store: {
    /** Milliseconds that a call waits for other processes that write to the SQLite file. */
    readonly lockMs: number;
    /** Milliseconds that a starting process waits for others that start or write. */
    readonly openMs: number;
    /** Milliseconds for Redis to accept a connection, and to respond. */
    readonly responseMs: number;
    /** Milliseconds between two attempts to connect to Redis, at most. */
    readonly reconnectMs: number;
    /** Milliseconds between two attempts to take back a write that may or may not have happened. */
    readonly settleMs: number;
  };
  /** Counters of rate limits in Redis. */
  readonly limits: {
    /** Milliseconds for Redis to accept a connection. */
    readonly connectMs: number;
    /** Milliseconds for Redis to respond. */
    readonly responseMs: number;
    /** Milliseconds for which Redis is left alone after a failure. */
    readonly pauseMs: number;
    /** Milliseconds between two attempts to connect, at most. */
    readonly reconnectMs: number;
  };
  readonly health: {
    /** Milliseconds for which the outcome of a check holds for all who ask. */
    readonly rememberMs: number;
  };
  readonly server: {
    /** Milliseconds to receive a request. */
    readonly requestMs: number;
    /** Milliseconds between two looks for requests that are too slow. */
    readonly checkMs: number;
    /** Milliseconds, at least, after which a caller who takes no byte of an answer is let go. */
    readonly stalledCallerMs: number;
  };
  /** Processes behind one port. */
  readonly workers: {
    /** Pauses before a worker is replaced that has not lived long. */
    readonly restart: GrowingPause;
    /** Milliseconds after which the end of a worker does not count as one of its start. */
    readonly steadyMs: number;
    /** Milliseconds that a worker has to tell what it has measured. */
    readonly responseMs: number;
  };
  readonly tracing: {
    /** Milliseconds that the end of the process waits for a collector. */
    readonly flushMs: number;
  };
}

/** Injection token of the `Pacing`. */
export const PACING_CONFIG = Symbol('PACING_CONFIG');

/** The pace of the service. */
export const PACING: Pacing = {
  breaker: { firstMs: 1000, longestMs: 16_000 },
  // Decorrelated jitter around 100 and 200 ms, so that many callers do not come back at the same moment.
  retry: { firstMs: 100, longestMs: 1000 },
  // Decorrelated jitter: about a tenth of a second at first. How long attempts go on is for ALFRESCO_IDLE_TIMEOUT_MS to say.
  resume: { firstMs: 100, longestMs: 5000 },
  // Alfresco refuses a user for 6 seconds after ten failures, the right password included, and each further attempt
  // starts them anew: the longest leaves them time to pass even when twenty or thirty processes log in.
  login: { firstMs: 1000, longestMs: 60_000 },
  polling: { fastestMs: 50, slowestMs: 2000, finalFreshnessMs: 5000 },
  // Proxies and load balancers commonly end what is silent for 30 or 60 seconds.
  events: { heartbeatMs: 15_000, reconnectMs: 2000 },
  // Longer than a POST can take with any sensible ALFRESCO_TIMEOUT_MS.
  idempotency: { leaseMs: 60_000 },
  shutdown: { drainMs: 30_000 },
  auth: {
    rememberMs: 60_000,
    providerTimeoutMs: 1500,
    providerPauseMs: 1000,
    keyCoolDownMs: 5000,
    keyRefreshMs: 10 * 60_000,
  },
  store: { lockMs: 2000, openMs: 5000, responseMs: 1500, reconnectMs: 500, settleMs: 250 },
  // Limits are no reason to let a caller wait.
  limits: { connectMs: 2000, responseMs: 250, pauseMs: 2000, reconnectMs: 2000 },
  health: { rememberMs: 1000 },
  server: { requestMs: 30_000, checkMs: 5000, stalledCallerMs: 120_000 },
  workers: { restart: { firstMs: 250, longestMs: 30_000 }, steadyMs: 10_000, responseMs: 1000 },
  tracing: { flushMs: 2000 },
};
