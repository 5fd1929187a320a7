import type {
  Counters,
  MetricsPage,
  PeerListener,
  Peers,
  WorkerContext,
} from '../config/worker-context.js';
import type { MetricsSnapshot } from '../observability/metrics.js';

/** Calls of a worker to its primary. */
// `Pick` turns the interface into a type, which has the index signature that `Calls` demands.
export type PrimaryCalls = Pick<Counters, keyof Counters> & {
  /** As `Peers`. */
  claim(leases: readonly string[], leaseMs: number): readonly number[];
  release(leases: readonly string[]): void;
  publish(message: string): void;
  /** The worker serves requests, at this address. */
  ready(address: string): void;
  /** The worker cannot start, and ends. */
  failed(message: string, exitCode: number): void;
  /** The worker ends, and leaves its metrics. */
  ended(metrics: MetricsSnapshot): void;
  /** The metrics of all workers. */
  metrics(): Promise<MetricsPage>;
};

/** Calls of the primary to a worker. */
export type WorkerCalls = {
  /** The worker's metrics. */
  snapshot(): Promise<MetricsSnapshot>;
  /** Another worker has published this. */
  receive(message: string): void;
  /** Another worker has taken over: accept no more connections, and end with the last one. */
  retire(): void;
};

/** Functions that another process may call, by name. */
type Calls = { readonly [name: string]: (...values: never[]) => unknown };

type Name<C> = keyof C & string;
type Values<C extends Calls, N extends Name<C>> = Parameters<C[N]>;
type Result<C extends Calls, N extends Name<C>> = Awaited<ReturnType<C[N]>>;

/** One end of the IPC of `node:cluster`: a `Worker` in the primary, `process` in a worker. */
interface Port {
  send?(message: object, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** A call, which has a number if its sender waits for the response, or the response to one. */
type Message =
  | { readonly call: string; readonly number?: number; readonly values: readonly never[] }
  | { readonly respondsTo: number; readonly value: unknown };

/**
 * Calls between the primary and a worker. A call to a process that has ended never settles; one that throws ends the
 * process that was called.
 */
export class Channel<Theirs extends Calls, Ours extends Calls> {
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private calls = 0;

  /** @param ours functions that the other process may call */
  constructor(
    private readonly port: Port,
    private readonly ours: Ours,
  ) {
    port.on('message', (message) => void this.receive(message as Message));
  }

  call<N extends Name<Theirs>>(name: N, ...values: Values<Theirs, N>): Promise<Result<Theirs, N>> {
    const number = ++this.calls;
    return new Promise((resolve) => {
      this.waiting.set(number, resolve as (value: unknown) => void);
      this.send({ call: name, number, values });
    });
  }

  /** A call whose result does not matter. */
  tell<N extends Name<Theirs>>(name: N, ...values: Values<Theirs, N>): void {
    this.send({ call: name, values });
  }

  private async receive(message: Message): Promise<void> {
    if ('call' in message) {
      const { call, number, values } = message;
      const value = await this.ours[call]!(...values);
      if (number !== undefined) this.send({ respondsTo: number, value });
    } else {
      this.waiting.get(message.respondsTo)?.(message.value);
      this.waiting.delete(message.respondsTo);
    }
  }

  private send(message: Message): void {
    // The end of the other process has an event of its own.
    this.port.send?.(message, () => {});
  }
}

/** The primary, as a worker sees it. */
export class Primary extends Channel<PrimaryCalls, WorkerCalls> implements WorkerContext {
  readonly counters: Counters = {
    hit: (...values) => this.call('hit', ...values),
    reserve: (...values) => this.call('reserve', ...values),
    giveBack: (key) => this.call('giveBack', key),
  };

  readonly peers: Peers = {
    claim: (...values) => this.call('claim', ...values),
    release: (leases) => this.tell('release', leases),
    publish: (message) => this.tell('publish', message),
    listen: (listener) => {
      this.listener = listener;
    },
  };
  private listener?: PeerListener;

  /** @param number of this worker */
  constructor(
    readonly number: number,
    ours: Omit<WorkerCalls, 'receive'>,
  ) {
    super(process, { ...ours, receive: (message) => this.listener?.receive(message) });
  }

  metrics(): Promise<MetricsPage> {
    return this.call('metrics');
  }
}
