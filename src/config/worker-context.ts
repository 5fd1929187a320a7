/** State of a counter after a hit. */
export interface Count {
  readonly hits: number;
  /** Milliseconds until it starts again from zero. */
  readonly resetMs: number;
}

/** Whether a hit was counted, and for how long the counter stays as it is. */
export interface Reservation {
  readonly isGranted: boolean;
  /** Milliseconds until it starts again from zero. */
  readonly resetMs: number;
}

/** Counters that live for one window, which starts with their first hit. */
export interface Counters {
  /** Counts one hit. */
  hit(key: string, windowMs: number): Promise<Count>;
  /** Counts one hit, unless there have been `limit` already. */
  reserve(key: string, windowMs: number, limit: number): Promise<Reservation>;
  /** Takes a hit back, if the window is not over. */
  giveBack(key: string): Promise<void>;
}

/**
 * The other processes of the same service, wherever they run: leases, of which each has one holder at a time, and messages
 * to all.
 */
export interface Peers {
  /**
   * Takes leases, or keeps those that this process holds already, for `leaseMs` from now.
   * @returns for each, 0 when it is held, otherwise the milliseconds that another process still holds it
   * @throws when the others cannot be reached
   */
  claim(leases: readonly string[], leaseMs: number): Promise<readonly number[]>;
  /** Ends leases of this process before their time. Fails silently, for they end anyway. */
  release(leases: readonly string[]): void;
  /** Sends a message to all others that can be reached, without a receipt. */
  publish(message: string): void;
  /** Only one listener. */
  listen(listener: PeerListener): void;
}

export interface PeerListener {
  /** A message of another process: not of this service for certain, so that it has to be checked. */
  receive(message: string): void;
  /** The others can be reached no more; `claim` succeeds once they can. */
  lose(): void;
}

/** A page for Prometheus. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/**
 * What a worker can ask of the process that runs it, where `WORKERS` is more than one.
 *
 * A port: everything that has to be the same in all workers goes through here, and `cluster/` implements it, so that
 * nothing else depends on `node:cluster`. `undefined` in a service that is a single process.
 */
export interface WorkerContext {
  /** Of this worker; every line of its log has it. */
  readonly number: number;
  /** Shared by all workers. */
  readonly counters: Counters;
  /** The other workers. */
  readonly peers: Peers;
  /** The metrics of all workers, aggregated. */
  metrics(): Promise<MetricsPage>;
}
