import type { Counters, MetricsPage, WorkerContext } from '../config/worker-context.js';
import type { MetricsSnapshot } from '../observability/metrics.js';

/** What the primary does for its workers. */
export type PrimaryCalls = Pick<Counters, keyof Counters> & {
  /** The worker listens there. */
  ready(address: string): void;
  /** The worker could not start, and ends. */
  failed(message: string, exitCode: number): void;
  /** The worker ends; this is what it has measured. */
  ended(metrics: MetricsSnapshot): void;
  /** Of all workers. */
  metrics(): Promise<MetricsPage>;
};

/** What a worker does for the primary. */
export type WorkerCalls = {
  /** What this worker has measured. */
  snapshot(): Promise<MetricsSnapshot>;
  /** Another worker has taken over: to take no connection any more, and to end with the last one. */
  retire(): void;
};

/** What one process does when another calls it. */
type Calls = { readonly [name: string]: (...values: never[]) => unknown };

type Name<C> = keyof C & string;
type Values<C extends Calls, N extends Name<C>> = Parameters<C[N]>;
type Answer<C extends Calls, N extends Name<C>> = Awaited<ReturnType<C[N]>>;

/** One end of what is between two processes of `node:cluster`: a `Worker` here, `process` there. */
interface Port {
  send?(message: object, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** A call, or the answer to one. */
type Message =
  | { readonly call: string; readonly number: number; readonly values: readonly never[] }
  | { readonly answers: number; readonly value: unknown };

/**
 * Calls between the primary and a worker. A call to a process that has ended is never answered; one that throws
 * over there ends that process.
 */
export class Channel<Theirs extends Calls, Ours extends Calls> {
  private readonly waiting = new Map<number, (value: unknown) => void>();
  private calls = 0;

  /** @param ours what the other process may call here */
  constructor(
    private readonly port: Port,
    private readonly ours: Ours,
  ) {
    port.on('message', (message) => void this.receive(message as Message));
  }

  call<N extends Name<Theirs>>(name: N, ...values: Values<Theirs, N>): Promise<Answer<Theirs, N>> {
    const number = ++this.calls;
    return new Promise((resolve) => {
      this.waiting.set(number, resolve as (value: unknown) => void);
      this.send({ call: name, number, values });
    });
  }

  private async receive(message: Message): Promise<void> {
    if ('call' in message) {
      const value = await this.ours[message.call]!(...message.values);
      this.send({ answers: message.number, value });
    } else {
      this.waiting.get(message.answers)?.(message.value);
      this.waiting.delete(message.answers);
    }
  }

  private send(message: Message): void {
    // That the other process has ended is told by an event of its own.
    this.port.send?.(message, () => {});
  }
}

/** The primary, as its workers see it. */
export class Primary extends Channel<PrimaryCalls, WorkerCalls> implements WorkerContext {
  readonly counters: Counters = {
    hit: (...values) => this.call('hit', ...values),
    reserve: (...values) => this.call('reserve', ...values),
    giveBack: (key) => this.call('giveBack', key),
  };

  /** @param number of this worker */
  constructor(
    readonly number: number,
    ours: WorkerCalls,
  ) {
    super(process, ours);
  }

  metrics(): Promise<MetricsPage> {
    return this.call('metrics');
  }
}
