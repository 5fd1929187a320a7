/** Pauses of which each is longer than the one before. */
export interface GrowingPause {
  /** Milliseconds of the first one, roughly. */
  readonly firstMs: number;
  /** Upper limit of each, in milliseconds. */
  readonly longestMs: number;
}

/**
 * Times that nobody configures: neither an environment variable nor an option of `DownloadsModule` sets them. They are
 * injected so that tests can shorten what they would otherwise have to wait for.
 */
export interface Pacing {
  /** How long a breaker stays open. */
  readonly breaker: GrowingPause;
  /** Pauses before a request to Alfresco is sent again. */
  readonly retry: GrowingPause;
  /** Pauses before the rest of a ZIP is requested whose connection broke. */
  readonly resume: GrowingPause;
  /** Pauses before credentials that Alfresco has refused are sent again. */
  readonly login: GrowingPause;
  /** Polling of Alfresco for the progress of a download. */
  readonly polling: {
    /** Milliseconds between two polls of a download that advances; `STATUS_FRESHNESS_MS` if that is more. */
    readonly fastestMs: number;
    /** Milliseconds between two polls of a download that does not advance. */
    readonly slowestMs: number;
    /** Milliseconds for which a final state is cached. */
    readonly finalFreshnessMs: number;
  };
  /** One process that polls for all. */
  readonly sharing: {
    /** Milliseconds after its last sign of life until another process polls in its place. */
    readonly leaseMs: number;
    /** Milliseconds between two signs of life. */
    readonly renewMs: number;
    /** Milliseconds for a response of Redis, without which each process polls for itself. */
    readonly responseMs: number;
  };
  /** Streams of server-sent events. */
  readonly events: {
    /** Milliseconds between two heartbeats. */
    readonly heartbeatMs: number;
    /** Milliseconds before a client reconnects whose stream ended without a final event (`retry:`). */
    readonly reconnectMs: number;
  };
  readonly idempotency: {
    /** Milliseconds after which a request without an outcome no longer holds its key. */
    readonly leaseMs: number;
  };
  readonly shutdown: {
    /** Milliseconds that a stopping service waits for running creations and removals. */
    readonly drainMs: number;
  };
  readonly auth: {
    /** Milliseconds for which a verified name and password are remembered. */
    readonly rememberMs: number;
    /** Milliseconds for a response of the identity provider, for discovery and for its keys each. */
    readonly providerTimeoutMs: number;
    /** Milliseconds after a failed fetch of the provider's keys without another one. */
    readonly providerPauseMs: number;
    /** Milliseconds between two fetches because of an unknown key. */
    readonly keyCoolDownMs: number;
    /** Milliseconds after which keys are fetched again in the background. */
    readonly keyRefreshMs: number;
    /** Milliseconds between two counts of the sessions that have ended by time. */
    readonly sessionSweepMs: number;
  };
  /** The store of downloads and tickets. */
  readonly store: {
    /** Milliseconds that a call waits for other processes that write to the SQLite file. */
    readonly lockMs: number;
    /** Milliseconds that a starting process waits for others to open or to write the SQLite file. */
    readonly openMs: number;
    /** Milliseconds for Redis to accept a connection, and for each response. */
    readonly responseMs: number;
    /** Milliseconds between two attempts to connect to Redis, at most. */
    readonly reconnectMs: number;
    /** Milliseconds between two attempts to undo a write whose outcome is unknown. */
    readonly settleMs: number;
  };
  /** Rate limits, with counters in Redis. */
  readonly limits: {
    /** Milliseconds for Redis to accept a connection. */
    readonly connectMs: number;
    /** Milliseconds for a response of Redis. */
    readonly responseMs: number;
    /** Milliseconds without a request to Redis after a failure. */
    readonly pauseMs: number;
    /** Milliseconds between two attempts to connect, at most. */
    readonly reconnectMs: number;
  };
  readonly health: {
    /** Milliseconds for which the outcome of a check is cached. */
    readonly rememberMs: number;
    /** Milliseconds for a response of the identity provider, without which the service is ready all the same. */
    readonly providerMs: number;
    /** Milliseconds for which it is cached whether the identity provider has responded. */
    readonly rememberProviderMs: number;
  };
  readonly server: {
    /** Milliseconds to receive a request. */
    readonly requestMs: number;
    /** Milliseconds between two checks for requests that are too slow. */
    readonly checkMs: number;
    /** Milliseconds, at least, until a client is disconnected that reads no byte of a response. */
    readonly stalledClientMs: number;
  };
  /** Processes behind one port. */
  readonly workers: {
    /** Pauses before a worker is replaced that ended soon after its start. */
    readonly restart: GrowingPause;
    /** Milliseconds after which the end of a worker no longer counts as a failed start. */
    readonly steadyMs: number;
    /** Milliseconds for a worker to deliver its metrics. */
    readonly responseMs: number;
  };
  readonly tracing: {
    /** Milliseconds that a stopping process waits for the collector. */
    readonly flushMs: number;
  };
}

/** Injection token of the `Pacing`. */
export const PACING_CONFIG = Symbol('PACING_CONFIG');

/** The values in production. */
export const PACING: Pacing = {
  breaker: { firstMs: 1000, longestMs: 16_000 },
  // With decorrelated jitter, so that many callers do not come back at the same moment.
  retry: { firstMs: 100, longestMs: 1000 },
  // With the same jitter. ALFRESCO_IDLE_TIMEOUT_MS limits how long attempts go on.
  resume: { firstMs: 100, longestMs: 5000 },
  // Alfresco refuses a user for 6 seconds after ten failures, even with the right password, and each further attempt
  // restarts that time: the longest pause lets it pass even while twenty or thirty processes log in.
  login: { firstMs: 1000, longestMs: 60_000 },
  polling: { fastestMs: 50, slowestMs: 2000, finalFreshnessMs: 5000 },
  // A process that is killed is replaced within two seconds, however busy the others are.
  sharing: { leaseMs: 1500, renewMs: 500, responseMs: 1000 },
  // Proxies and load balancers commonly close connections that are silent for 30 or 60 seconds.
  events: { heartbeatMs: 15_000, reconnectMs: 2000 },
  // Longer than a POST takes with any sensible ALFRESCO_TIMEOUT_MS.
  idempotency: { leaseMs: 60_000 },
  shutdown: { drainMs: 30_000 },
  auth: {
    rememberMs: 60_000,
    providerTimeoutMs: 1500,
    providerPauseMs: 1000,
    keyCoolDownMs: 5000,
    keyRefreshMs: 10 * 60_000,
    sessionSweepMs: 30_000,
  },
  store: { lockMs: 2000, openMs: 5000, responseMs: 1500, reconnectMs: 500, settleMs: 250 },
  // Without Redis requests are not limited: better that than slow.
  limits: { connectMs: 2000, responseMs: 250, pauseMs: 2000, reconnectMs: 2000 },
  // An orchestrator commonly waits a second for a probe.
  health: { rememberMs: 1000, providerMs: 500, rememberProviderMs: 5000 },
  server: { requestMs: 30_000, checkMs: 5000, stalledClientMs: 120_000 },
  workers: { restart: { firstMs: 250, longestMs: 30_000 }, steadyMs: 10_000, responseMs: 1000 },
  tracing: { flushMs: 2000 },
};
